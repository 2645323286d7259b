// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger

/// What a journal says about itself: which rules, numbers and parameters it was written under.
///
/// It is written once, when the journal is created; its checksum starts the checksum chain of
/// the records, so a journal's records cannot be moved under another header.
public struct JournalHeader: Hashable, Sendable {
  /// The only layout of the file this program reads and writes.
  public static let formatVersion = 1
  /// The longest text of a header field, in bytes of UTF-8.
  public static let maximumTextBytes = 256

  /// Names the rules that decide events.
  public let engineVersion: String
  /// Names the numerical functions, to the bit.
  public let numbersVersion: String
  /// The hash of the parameters at genesis.
  public let parameterHash: ChainHash
  /// The chain hash before the first record.
  public let genesisHash: ChainHash
  /// Free text of whoever created the journal; the journal itself reads no clock.
  public let createdBy: String

  /// - Throws: ``JournalError/headerFieldOutOfBounds(field:bytes:limit:)`` for an empty text and
  ///   for one above ``maximumTextBytes``.
  public init(
    engineVersion: String, numbersVersion: String, parameterHash: ChainHash,
    genesisHash: ChainHash, createdBy: String
  ) throws(JournalError) {
    let texts = [
      ("engineVersion", engineVersion), ("numbersVersion", numbersVersion),
      ("createdBy", createdBy),
    ]
    for (field, text) in texts where !(1...Self.maximumTextBytes).contains(text.utf8.count) {
      throw .headerFieldOutOfBounds(
        field: field, bytes: text.utf8.count, limit: Self.maximumTextBytes)
    }
    self.engineVersion = engineVersion
    self.numbersVersion = numbersVersion
    self.parameterHash = parameterHash
    self.genesisHash = genesisHash
    self.createdBy = createdBy
  }

  /// Refuses, by name, a journal written under anything else than what the caller runs.
  ///
  /// - Throws: ``JournalError/unknownVersion(of:found:supported:)`` for the first difference, in
  ///   the order of the parameters.
  public func require(
    engineVersion: String, numbersVersion: String, parameterHash: ChainHash
  ) throws(JournalError) {
    if self.engineVersion != engineVersion {
      throw .unknownVersion(of: .engine, found: self.engineVersion, supported: engineVersion)
    }
    if self.numbersVersion != numbersVersion {
      throw .unknownVersion(of: .numbers, found: self.numbersVersion, supported: numbersVersion)
    }
    if self.parameterHash != parameterHash {
      throw .unknownVersion(
        of: .parameters, found: self.parameterHash.description,
        supported: parameterHash.description)
    }
  }

  /// The start of the checksum chain.
  var checksum: Checksum {
    var sum = ChecksumBuilder(domain: "plimsoll.journal.header")
    sum.append(UInt64(Self.formatVersion))
    sum.append(Array(engineVersion.utf8))
    sum.append(Array(numbersVersion.utf8))
    sum.append(parameterHash.bytes)
    sum.append(genesisHash.bytes)
    sum.append(Array(createdBy.utf8))
    return sum.finish()
  }
}
