// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// One command and what followed from it; the unit of the journal and of the hash chain.
public struct Record: Hashable, Sendable {
  /// From 1, without gaps.
  public let sequence: UInt64
  public let command: Command
  public let events: [LedgerEvent]
  /// The hash of everything up to and including this record.
  public let hash: ChainHash
  /// The canonical bytes of ``command`` and of ``events``, of which ``hash`` is made.
  public let commandBytes: [UInt8]
  public let eventBytes: [UInt8]
  /// The hash of the record before.
  public let previousHash: ChainHash

  public init(sequence: UInt64, command: Command, events: [LedgerEvent], after: ChainHash) {
    self.sequence = sequence
    self.command = command
    self.events = events
    previousHash = after
    commandBytes = command.canonicalBytes
    eventBytes = Self.encode(events)
    hash = Self.hash(
      sequence: sequence, command: commandBytes, events: eventBytes, after: after)
  }

  /// The hash of a record given its canonical bytes and the hash of the one before.
  public static func hash(
    sequence: UInt64, command: [UInt8], events: [UInt8], after previous: ChainHash
  ) -> ChainHash {
    var number = CanonicalWriter()
    number.append(sequence)
    return ChainHash.digest(
      domain: "plimsoll.record.1", parts: [previous.bytes, number.bytes, command, events])
  }

  /// The canonical bytes of a list of events.
  public static func encode(_ events: [LedgerEvent]) -> [UInt8] {
    var writer = CanonicalWriter()
    writer.append(list: events)
    return writer.bytes
  }

  /// The events of which `bytes` are the canonical form.
  public static func decodeEvents(_ bytes: [UInt8]) throws(CanonicalError) -> [LedgerEvent] {
    var reader = CanonicalReader(bytes)
    let events: [LedgerEvent] = try reader.list()
    try reader.requireEnd()
    return events
  }
}
