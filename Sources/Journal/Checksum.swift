// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Ledger

/// A SHA-256 sum that binds a stored row to everything stored before it.
struct Checksum: Hashable, Sendable {
  /// Always 32 bytes.
  let bytes: [UInt8]

  /// Nil unless there are 32 bytes.
  init?(bytes: [UInt8]) {
    guard bytes.count == SHA256.byteCount else { return nil }
    self.bytes = bytes
  }

  init(_ digest: SHA256.Digest) {
    bytes = Array(digest)
  }
}

/// Hashes fields so that no two different lists of fields give the same input bytes.
///
/// The domain and every field are preceded by their length, 8 bytes, most significant first.
struct ChecksumBuilder {
  private var hasher = SHA256()

  init(domain: String) {
    append(Array(domain.utf8))
  }

  mutating func append(_ field: [UInt8]) {
    appendRaw(UInt64(field.count))
    hasher.update(data: field)
  }

  mutating func append(_ field: UInt64) {
    appendRaw(8)
    appendRaw(field)
  }

  private mutating func appendRaw(_ value: UInt64) {
    withUnsafeBytes(of: value.bigEndian) { hasher.update(bufferPointer: $0) }
  }

  func finish() -> Checksum {
    Checksum(hasher.finalize())
  }
}

extension Checksum {
  /// The checksum of a record.
  static func record(
    sequence: Int, _ record: JournalRecord, previous: Checksum
  ) -> Checksum {
    var sum = ChecksumBuilder(domain: "plimsoll.journal.record")
    sum.append(UInt64(sequence))
    sum.append(UInt64(record.kind.rawValue))
    sum.append(record.payload)
    sum.append(record.chainHash.bytes)
    sum.append(previous.bytes)
    return sum.finish()
  }

  /// The checksum of a snapshot; `record` is the checksum of the record it was taken after.
  static func snapshot(
    _ snapshot: JournalSnapshot, record: Checksum, previous: Checksum
  ) -> Checksum {
    var sum = ChecksumBuilder(domain: "plimsoll.journal.snapshot")
    sum.append(UInt64(snapshot.sequence))
    sum.append(snapshot.payload)
    sum.append(snapshot.chainHash.bytes)
    sum.append(record.bytes)
    sum.append(previous.bytes)
    return sum.finish()
  }

  /// The checksum inside the mark file.
  static func mark(sequence: Int, record: Checksum) -> Checksum {
    var sum = ChecksumBuilder(domain: "plimsoll.journal.mark")
    sum.append(UInt64(sequence))
    sum.append(record.bytes)
    return sum.finish()
  }
}
