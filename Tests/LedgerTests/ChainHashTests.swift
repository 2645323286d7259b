// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Testing

@Suite("The hash chain")
struct ChainHashTests {
  // Expected: SHA-256 by Python's hashlib over each part behind its length in 8 little-endian
  // bytes.
  @Test("hashes are SHA-256 over length-prefixed parts")
  func reference() {
    #expect(
      ChainHash.digest(domain: "", parts: []).description
        == "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc")
    let hash = Record.hash(
      sequence: 1, command: Array("abc".utf8), events: [], after: .zero)
    #expect(
      hash.description == "199aaa9a7c8ca647069a2b15a1f13cc7709c2f6ac73173a6f7dcde2afc9748ee")
  }

  @Test("no two divisions of the same bytes have the same hash")
  func domains() {
    let (a, b) = ([UInt8(ascii: "a")], [UInt8(ascii: "b")])
    let hashes = [
      ChainHash.digest(domain: "ab", parts: []), ChainHash.digest(domain: "a", parts: [b]),
      ChainHash.digest(domain: "", parts: [a, b]), ChainHash.digest(domain: "", parts: [a + b]),
      ChainHash.digest(domain: "ab", parts: [[]]),
      ChainHash.digest(domain: "", parts: [a + b, []]),
      ChainHash.digest(domain: "", parts: [[], a + b]),
    ]
    #expect(Set(hashes).count == hashes.count)
  }

  @Test("a record's hash depends on all of it and on the one before")
  func record() {
    let command = Command.restart(at: Timestamp(seconds: 1))
    let events = [LedgerEvent.engineRestarted(at: Timestamp(seconds: 1))]
    let one = Record(sequence: 2, command: command, events: events, after: .zero)
    let others = [
      Record(sequence: 3, command: command, events: events, after: .zero),
      Record(
        sequence: 2, command: .restart(at: Timestamp(seconds: 2)), events: events, after: .zero),
      Record(sequence: 2, command: command, events: events + events, after: .zero),
      Record(sequence: 2, command: command, events: events, after: one.hash),
    ]
    #expect(Set([one] + others).count == 5 && Set(([one] + others).map(\.hash)).count == 5)
    #expect(one.previousHash == .zero && one.commandBytes == command.canonicalBytes)
    #expect(
      Record.hash(sequence: 2, command: one.commandBytes, events: one.eventBytes, after: .zero)
        == one.hash)
  }

  @Test("a hash is its 32 bytes")
  func bytes() throws {
    let hash = ChainHash.digest(domain: "x", parts: [])
    #expect(hash.bytes.count == 32)
    #expect(ChainHash(bytes: hash.bytes) == hash)
    #expect(try ChainHash(canonicalBytes: hash.canonicalBytes) == hash)
    #expect(hash.canonicalBytes == hash.bytes)
    #expect(ChainHash(bytes: hash.bytes.dropLast()) == nil)
    #expect(ChainHash(bytes: hash.bytes + [0]) == nil)
    #expect(ChainHash.zero.bytes.allSatisfy { $0 == 0 })
    #expect(hash.description.count == 64)
  }
}
