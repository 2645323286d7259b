// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Journal
public import Ledger
import Quantities
public import RiskEngine

/// What is wrong with a journal that reads well but does not say what the engine would.
public enum VerificationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Record and event records do not alternate, or the first one opens no venue.
  case malformed(record: Int, reason: String)
  /// The commands lead to another hash than the journal has.
  case differs(record: Int, command: String, found: ChainHash, expected: ChainHash)
  /// A command that the journal has as accepted is refused.
  case refused(record: Int, reason: String)
  /// A block is asked for that the journal does not have.
  case beyondEnd(block: UInt64, last: UInt64)

  public var description: String {
    switch self {
    case .malformed(let record, let reason): "record \(record): \(reason)"
    case .differs(let record, let command, let found, let expected):
      "record \(record) (\(command)): decided again it has hash \(expected), the journal says "
        + "\(found)"
    case .refused(let record, let reason): "record \(record): decided again it is \(reason)"
    case .beyondEnd(let block, let last):
      "the journal has no block \(block); its last is \(last)"
    }
  }
}

/// The state of an engine as bytes: what a recovery may begin with.
enum Snapshot {
  static func bytes(of engine: Engine) -> [UInt8] {
    var writer = CanonicalWriter()
    writer.append("plimsoll.snapshot.1")
    writer.append(EngineVersion.engine)
    writer.append(engine.sequence)
    writer.append(engine.hash)
    writer.append(engine.state)
    return writer.bytes
  }

  static func engine(from bytes: [UInt8], workers: AccountWorkers) throws -> Engine {
    var reader = CanonicalReader(bytes)
    guard try reader.text() == "plimsoll.snapshot.1", try reader.text() == EngineVersion.engine
    else { throw VerificationError.malformed(record: 0, reason: "a snapshot of another version") }
    let sequence: UInt64 = try reader.integer()
    let hash: ChainHash = try reader.value()
    let state: LedgerState = try reader.value()
    try reader.requireEnd()
    return try Engine(state: state, hash: hash, sequence: sequence, workers: workers)
  }
}

/// One engine record as the journal has it.
struct StoredPair {
  /// The number of the journal's record that holds the events.
  let number: Int
  let command: Command
  let eventBytes: [UInt8]
  let hash: ChainHash
}

/// A walk along a journal's records two by two: a command, then its events.
struct PairCursor {
  private var records: RecordCursor

  init(_ reader: JournalReader, from first: Int) throws(JournalError) {
    records = try reader.records(from: first)
  }

  /// The next pair; `nil` after the last.
  mutating func next() throws -> StoredPair? {
    guard let first = try records.next() else { return nil }
    guard first.record.kind == .command else { throw Self.alternation(first.sequence) }
    let command = try decode(first.record.payload, at: first.sequence)
    guard let second = try records.next() else {
      throw VerificationError.malformed(
        record: first.sequence, reason: "the command has no events")
    }
    guard second.record.kind == .events else { throw Self.alternation(second.sequence) }
    return StoredPair(
      number: second.sequence, command: command, eventBytes: second.record.payload,
      hash: second.record.chainHash)
  }

  private static func alternation(_ record: Int) -> VerificationError {
    .malformed(record: record, reason: "commands and events do not alternate")
  }
}

/// Calls `body` with every pair from a record to the end, in order.
func forEachPair(
  _ reader: JournalReader, from first: Int, _ body: (StoredPair) throws -> Void
) throws {
  var pairs = try PairCursor(reader, from: first)
  while let pair = try pairs.next() { try body(pair) }
}

private func decode(_ bytes: [UInt8], at record: Int) throws -> Command {
  do { return try Command(canonicalBytes: bytes) } catch {
    throw VerificationError.malformed(record: record, reason: "\(error)")
  }
}

/// Rebuilds an engine from a journal: the newest snapshot, then the recorded events, applied
/// without being decided again.
///
/// - Parameter block: The last block to apply, with all that followed it; by default all.
/// - Throws: ``VerificationError/beyondEnd(block:last:)`` where the journal ends before the block.
public func recover(
  _ reader: JournalReader, through block: UInt64? = nil, workers: AccountWorkers
) throws -> Engine {
  try requireVersions(reader)
  var (engine, first) = try newestSnapshot(reader, through: block, workers)
  var pairs = try PairCursor(reader, from: first)
  while let pair = try pairs.next() {
    if case .advanceBlock = pair.command, let block, engine?.state.block == block { break }
    let events = try Record.decodeEvents(pair.eventBytes)
    let record = Record(
      sequence: (engine?.sequence ?? 0) + 1, command: pair.command, events: events,
      after: engine?.hash ?? .zero)
    guard record.hash == pair.hash else {
      throw VerificationError.differs(
        record: pair.number, command: pair.command.name, found: pair.hash,
        expected: record.hash)
    }
    if engine == nil {
      engine = try opened(pair, workers: workers).engine
    } else {
      try engine?.recover(record)
    }
  }
  guard var engine else {
    throw VerificationError.malformed(record: 0, reason: "the journal is empty")
  }
  if let block, engine.state.block < block {
    throw VerificationError.beyondEnd(block: block, last: engine.state.block)
  }
  try engine.finishRecovery()
  return engine
}

/// The newest snapshot that is not beyond a block, and the first record after it.
private func newestSnapshot(
  _ reader: JournalReader, through block: UInt64?, _ workers: AccountWorkers
) throws -> (engine: Engine?, first: Int) {
  var limit: Int?
  while let snapshot = try reader.latestSnapshot(atOrBefore: limit) {
    let engine = try Snapshot.engine(from: snapshot.payload, workers: workers)
    if engine.state.block <= block ?? .max { return (engine, snapshot.sequence + 1) }
    limit = snapshot.sequence - 1
  }
  return (nil, 1)
}

/// What a verification went through.
public struct Verification: Sendable {
  public let engine: Engine
  public let records: Int
  public let events: Int
}

/// Takes the commands of a journal alone, decides everything again, and compares every hash.
///
/// - Parameter progress: Called with records done and in all.
/// - Throws: ``VerificationError`` or a journal's own error, naming the first bad record.
public func verify(
  _ reader: JournalReader, workers: AccountWorkers, progress: (Int, Int) -> Void
) throws -> Verification {
  try requireVersions(reader)
  var engine: Engine?
  var events = 0
  let total = try reader.lastSequence / 2
  try forEachPair(reader, from: 1) { pair in
    let record: Record
    if var open = engine.take() {
      record = try decideAgain(&open, pair)
      engine = open
    } else {
      let opening = try opened(pair, workers: workers)
      engine = opening.engine
      record = opening.record
    }
    events += record.events.count
    guard record.hash == pair.hash else {
      throw VerificationError.differs(
        record: pair.number, command: pair.command.name, found: pair.hash,
        expected: record.hash)
    }
    progress(Int(record.sequence), total)
  }
  guard let engine else {
    throw VerificationError.malformed(record: 0, reason: "the journal is empty")
  }
  return Verification(engine: engine, records: Int(engine.sequence), events: events)
}

private func decideAgain(_ engine: inout Engine, _ pair: StoredPair) throws -> Record {
  do { return try engine.step(pair.command) } catch {
    throw VerificationError.refused(record: pair.number, reason: "\(error)")
  }
}

private func opened(
  _ pair: StoredPair, workers: AccountWorkers
) throws -> (engine: Engine, record: Record) {
  guard case .openVenue(let quote, let set) = pair.command else {
    throw VerificationError.malformed(
      record: pair.number, reason: "the first command opens no venue")
  }
  return try Engine.open(quote: quote, parameters: set, workers: workers)
}

/// Refuses, by name, a journal of another engine or of other numbers.
func requireVersions(_ reader: JournalReader) throws {
  try reader.header.require(
    engineVersion: EngineVersion.engine, numbersVersion: EngineVersion.numbers,
    parameterHash: reader.header.parameterHash)
}

extension Command {
  /// The command's name, for messages.
  public var name: String {
    switch self {
    case .openVenue: "openVenue"
    case .changeParameters: "changeParameters"
    case .acceptCollateral: "acceptCollateral"
    case .listInstrument: "listInstrument"
    case .openAccount: "openAccount"
    case .depositCollateral: "depositCollateral"
    case .withdrawCollateral: "withdrawCollateral"
    case .contributeToFund: "contributeToFund"
    case .contributeToUniverse: "contributeToUniverse"
    case .recordTrade: "recordTrade"
    case .placeOrder: "placeOrder"
    case .cancelOrder: "cancelOrder"
    case .advanceBlock: "advanceBlock"
    case .reportExecution: "reportExecution"
    case .restart: "restart"
    case .protectQuotes: "protectQuotes"
    case .resetProtection: "resetProtection"
    case .openSubaccount: "openSubaccount"
    case .moveCollateral: "moveCollateral"
    case .movePosition: "movePosition"
    case .changeMarginMode: "changeMarginMode"
    case .bidInAuction: "bidInAuction"
    case .bidForCollateral: "bidForCollateral"
    case .openPool: "openPool"
    case .depositToPool: "depositToPool"
    case .requestPoolWithdrawal: "requestPoolWithdrawal"
    case .cancelPoolWithdrawal: "cancelPoolWithdrawal"
    case .withdrawFromPool: "withdrawFromPool"
    case .registerMaker: "registerMaker"
    case .releaseMaker: "releaseMaker"
    case .openHedge: "openHedge"
    case .reportDepth: "reportDepth"
    case .answerRequest: "answerRequest"
    case .registerRelayer: "registerRelayer"
    case .releaseRelayer: "releaseRelayer"
    case .relayAnswer: "relayAnswer"
    case .reportGas: "reportGas"
    case .takeOffer: "takeOffer"
    case .commitBid: "commitBid"
    case .revealBid: "revealBid"
    }
  }
}
