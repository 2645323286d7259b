// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Journal
public import Ledger
public import Parameters
public import Quantities
public import RiskEngine

/// Where a venue's records go.
public enum JournalTarget: Sendable {
  /// Nowhere: an engine in memory.
  case none
  /// A new file.
  case create(String)
  /// An existing file of an interrupted run with the same inputs: what it holds is decided
  /// again and compared, and the run goes on where it ends.
  case resume(String)
}

/// An engine whose every record goes to a journal.
///
/// Records are written in groups: ``submit(_:)`` decides, ``commit()`` makes durable. What was
/// submitted counts as accepted only after the commit that follows.
public struct RecordedVenue {
  public private(set) var engine: Engine
  private let writer: JournalWriter?
  private var pending: [JournalRecord] = []
  /// The hashes that a resumed journal already holds, one per engine record.
  private let stored: [ChainHash]
  /// The engine record after which the last snapshot was written.
  private var lastSnapshot: UInt64 = 0

  /// Records in a group before it is written without being asked.
  private static let groupSize = 4_096

  /// Opens a venue under a parameter set.
  ///
  /// - Throws: ``VerificationError/differs(record:command:found:expected:)`` when a journal to
  ///   be resumed was opened by something else.
  public static func open(
    quote: Asset, parameters: ParameterSet, journal: JournalTarget, createdBy: String,
    workers: AccountWorkers
  ) throws -> (venue: RecordedVenue, record: Record) {
    let (engine, record) = try Engine.open(
      quote: quote, parameters: parameters, workers: workers)
    var writer: JournalWriter?
    var stored: [ChainHash] = []
    switch journal {
    case .none: break
    case .create(let path):
      writer = try JournalWriter.create(
        path,
        header: JournalHeader(
          engineVersion: EngineVersion.engine, numbersVersion: EngineVersion.numbers,
          parameterHash: parameters.digest, genesisHash: .zero, createdBy: createdBy))
    case .resume(let path):
      let resumed = try JournalWriter.resume(path)
      try requireVersions(resumed.reader)
      try forEachPair(resumed.reader, from: 1) { stored.append($0.hash) }
      writer = resumed
    }
    var venue = RecordedVenue(engine: engine, writer: writer, stored: stored)
    try venue.append(record)
    return (venue, record)
  }

  private init(engine: Engine, writer: JournalWriter?, stored: [ChainHash]) {
    self.engine = engine
    self.writer = writer
    self.stored = stored
  }

  /// Engine records that were on the disk when the venue was opened.
  public var storedRecords: Int { stored.count }

  /// As ``/RiskEngine/Engine/keepsDeleveragings``.
  var keepsDeleveragings: Bool {
    get { engine.keepsDeleveragings }
    set { engine.keepsDeleveragings = newValue }
  }

  /// As ``/RiskEngine/Engine/keepsSharedLosses``.
  var keepsSharedLosses: Bool {
    get { engine.keepsSharedLosses }
    set { engine.keepsSharedLosses = newValue }
  }

  /// Takes one step and queues its record for the next commit.
  public mutating func submit(_ command: Command) throws -> Record {
    let record = try engine.step(command)
    try append(record)
    return record
  }

  /// Writes everything submitted so far and returns when it is on the disk.
  public mutating func commit() throws {
    guard let writer, !pending.isEmpty else { return }
    try writer.append(pending)
    pending.removeAll(keepingCapacity: true)
  }

  /// Writes the state, so that a recovery need not begin at the beginning.
  public mutating func snapshot() throws {
    try commit()
    guard let writer, engine.sequence > stored.count, engine.sequence > lastSnapshot else {
      return
    }
    try writer.appendSnapshot(Snapshot.bytes(of: engine), after: writer.lastSequence)
    lastSnapshot = engine.sequence
  }

  public mutating func close() throws {
    try commit()
    try writer?.close()
  }

  private mutating func append(_ record: Record) throws {
    guard writer != nil else { return }
    guard record.sequence > stored.count else {
      let found = stored[Int(record.sequence) - 1]
      guard found == record.hash else {
        throw VerificationError.differs(
          record: Int(record.sequence) * 2, command: record.command.name, found: found,
          expected: record.hash)
      }
      return
    }
    pending.append(contentsOf: record.journalRecords)
    if pending.count >= Self.groupSize { try commit() }
  }
}

extension Record {
  /// The record as the journal stores it: the command, then what followed from it.
  var journalRecords: [JournalRecord] {
    [
      JournalRecord(kind: .command, payload: commandBytes, chainHash: previousHash),
      JournalRecord(kind: .events, payload: eventBytes, chainHash: hash),
    ]
  }
}
