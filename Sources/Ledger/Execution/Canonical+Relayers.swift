// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension QuoteRelay: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(maker)
    writer.append(relayer)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let maker: AccountID = try reader.value()
    self.init(maker: maker, relayer: try reader.value())
  }
}

// MARK: Commands and events

extension Command {
  /// The tags of relayers and of what they pass on.
  static let relayerTags: ClosedRange<UInt8> = 58...60

  func encodeRelayers(to writer: inout CanonicalWriter) {
    switch self {
    case .registerRelayer(let id): writer.append(tag: 58, id)
    case .releaseRelayer(let id): writer.append(tag: 59, id)
    case .relayAnswer(let relayer, let id, let answer):
      writer.append(tag: 60, relayer)
      writer.append(id)
      writer.append(answer)
    default: break
    }
  }

  static func readRelayers(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    let account: AccountID = try reader.value()
    switch tag {
    case 58: return .registerRelayer(account)
    case 59: return .releaseRelayer(account)
    default:
      let id: UInt64 = try reader.integer()
      return .relayAnswer(account, id, try reader.value())
    }
  }
}

extension LedgerEvent {
  /// One tag for all that concerns relayers; a second byte says which.
  static let relayersTag: UInt8 = 90

  func encodeRelayers(to writer: inout CanonicalWriter) {
    writer.append(Self.relayersTag)
    switch self {
    case .relayerRegistered(let id): writer.append(tag: 0, id)
    case .relayerReleased(let id): writer.append(tag: 1, id)
    case .answerRelayed(let id, let answer, let relayer):
      writer.append(tag: 2, relayer)
      writer.append(id)
      writer.append(answer)
    default: break
    }
  }

  static func readRelayers(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    let kind = try reader.byte()
    let account: AccountID = try reader.value()
    switch kind {
    case 0: return .relayerRegistered(account)
    case 1: return .relayerReleased(account)
    case 2:
      let id: UInt64 = try reader.integer()
      return .answerRelayed(id, try reader.value(), by: account)
    default: throw reader.malformed("event")
    }
  }
}
