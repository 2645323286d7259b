// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Canonical bytes")
struct CanonicalTests {
  @Test("every command and event reads back from its bytes", arguments: 0..<40)
  func roundTrip(seed: UInt64) throws {
    var samples = Samples(seed: seed)
    for command in samples.commands() {
      let bytes = command.canonicalBytes
      #expect(try Command(canonicalBytes: bytes) == command)
      #expect(try Command(canonicalBytes: bytes).canonicalBytes == bytes)
    }
    let events = samples.events()
    for event in events {
      #expect(try LedgerEvent(canonicalBytes: event.canonicalBytes) == event)
    }
    #expect(try Record.decodeEvents(Record.encode(events)) == events)
  }

  @Test("bytes that end early or go on are refused", arguments: 0..<4)
  func length(seed: UInt64) {
    var samples = Samples(seed: seed)
    for command in samples.commands() {
      let bytes = command.canonicalBytes
      for count in bytes.indices {
        #expect(throws: CanonicalError.self) {
          _ = try Command(canonicalBytes: Array(bytes[..<count]))
        }
      }
      #expect(throws: CanonicalError.trailing(offset: bytes.count)) {
        _ = try Command(canonicalBytes: bytes + [0])
      }
    }
    for event in samples.events() {
      let bytes = event.canonicalBytes
      for count in bytes.indices {
        #expect(throws: CanonicalError.self) {
          _ = try LedgerEvent(canonicalBytes: Array(bytes[..<count]))
        }
      }
    }
  }

  @Test(
    "a changed byte is refused or means something else; bytes have one value, values one form",
    arguments: 0..<3)
  func mutation(seed: UInt64) {
    var samples = Samples(seed: seed)
    for command in samples.commands() { mutate(command) }
    for event in samples.events() { mutate(event) }
  }

  private func mutate<Value: Canonical & Equatable>(_ value: Value) {
    let bytes = value.canonicalBytes
    for index in bytes.indices {
      for change in [1, 0x80, 0xff] as [UInt8] {
        var mutated = bytes
        mutated[index] ^= change
        guard let other = try? Value(canonicalBytes: mutated) else { continue }
        if other == value || other.canonicalBytes != mutated {
          Issue.record("byte \(index) of \(value) changed by \(change) unnoticed")
        }
      }
    }
  }

  @Test("random bytes never stop the reader", arguments: 0..<50)
  func noise(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<40 {
      let count = Int.random(in: 0...200, using: &random)
      var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if !bytes.isEmpty { bytes[0] %= 31 }
      if let command = try? Command(canonicalBytes: bytes) {
        #expect(command.canonicalBytes == bytes)
      }
      if let event = try? LedgerEvent(canonicalBytes: bytes) {
        #expect(event.canonicalBytes == bytes)
      }
      _ = try? LedgerState(canonicalBytes: bytes)
    }
  }

  @Test("lengths beyond the bytes are refused before memory is taken")
  func hugeLengths() {
    let most = [UInt8](repeating: 0xff, count: 4)
    #expect(throws: CanonicalError.self) { _ = try Record.decodeEvents(most) }
    var reader = CanonicalReader(most + [1, 2])
    #expect(throws: CanonicalError.truncated(offset: 4)) { _ = try reader.blob() }
    // A block with 2^32 − 1 samples and none of them.
    let block = [10] + [UInt8](repeating: 0, count: 8) + most
    #expect(throws: CanonicalError.self) { _ = try Command(canonicalBytes: block) }
  }

  @Test("a parameter set's values come in the order of their keys")
  func parameterOrder() throws {
    var samples = Samples(seed: 1)
    let date = samples.parameters().date
    let values = [
      ParameterValue(key: "margin.buffer", raw: 1, source: "x"),
      ParameterValue(key: "margin.tailDamper", raw: 2, source: "y"),
    ]
    let set = try ParameterSet(name: "n", date: date, values: values)
    var writer = CanonicalWriter()
    writer.append("n")
    writer.append(date)
    writer.append(list: Array(set.values.reversed()))
    let bytes = writer.bytes
    #expect(throws: CanonicalError.self) { _ = try ParameterSet(canonicalBytes: bytes) }
    #expect(try ParameterSet(canonicalBytes: set.canonicalBytes) == set)
  }

  @Test("integers are little-endian, texts and lists carry their length")
  func layout() {
    var writer = CanonicalWriter()
    writer.append(UInt32(0x0102_0304))
    writer.append(Int64(-2))
    writer.append("ab")
    writer.append(true)
    writer.append(bytes: [9])
    writer.append(optional: OrderID?.none)
    writer.append(optional: AccountID(1))
    writer.append(list: [AccountID(2)])
    let expected: [[UInt8]] = [
      [4, 3, 2, 1], [254, 255, 255, 255, 255, 255, 255, 255], [2, 0, 0, 0, 97, 98], [1],
      [1, 0, 0, 0, 9], [0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 2, 0, 0, 0],
    ]
    #expect(writer.bytes == expected.flatMap { $0 })
  }

  @Test("a boolean is 0 or 1, a text is UTF-8, an enum has a case")
  func malformed() throws {
    var reader = CanonicalReader([2])
    #expect(throws: CanonicalError.malformed(offset: 1, what: "boolean")) { _ = try reader.bool() }
    reader = CanonicalReader([1, 0, 0, 0, 0xff])
    #expect(throws: CanonicalError.malformed(offset: 0, what: "text")) { _ = try reader.text() }
    reader = CanonicalReader([3])
    #expect(throws: CanonicalError.malformed(offset: 1, what: "MarginMode")) {
      _ = try reader.tag(MarginMode.self)
    }
    let errors: [CanonicalError] = [
      .truncated(offset: 7), .malformed(offset: 7, what: "x"), .trailing(offset: 7),
    ]
    #expect(errors.allSatisfy { $0.description.contains("7") })
  }
}
