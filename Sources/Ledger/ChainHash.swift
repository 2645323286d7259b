// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A SHA-256 digest in the chain of records, or of a state.
@frozen
public struct ChainHash: Hashable, Sendable, CustomStringConvertible {
  /// The digest's bytes, eight at a time, big-endian.
  public let words: InlineWords

  /// Four words of 64 bits.
  @frozen
  public struct InlineWords: Hashable, Sendable {
    public let first: UInt64
    public let second: UInt64
    public let third: UInt64
    public let fourth: UInt64
  }

  /// The hash before the first record.
  public static var zero: ChainHash {
    ChainHash(words: InlineWords(first: 0, second: 0, third: 0, fourth: 0))
  }

  init(words: InlineWords) { self.words = words }

  /// - Returns: `nil` unless there are exactly 32 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (offset, byte) in bytes.enumerated() {
      words[offset / 8] = words[offset / 8] << 8 | UInt64(byte)
    }
    self.words = InlineWords(
      first: words[0], second: words[1], third: words[2], fourth: words[3])
  }

  /// The 32 bytes of the digest.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for word in [words.first, words.second, words.third, words.fourth] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    return bytes
  }

  /// SHA-256 over a domain and parts, each preceded by its length so that no two inputs of
  /// different structure give the same bytes.
  public static func digest(domain: String, parts: [[UInt8]]) -> ChainHash {
    var hasher = SHA256()
    absorb(Array(domain.utf8), into: &hasher)
    for part in parts { absorb(part, into: &hasher) }
    var words: [UInt64] = [0, 0, 0, 0]
    for (offset, byte) in hasher.finalize().enumerated() {
      words[offset / 8] = words[offset / 8] << 8 | UInt64(byte)
    }
    return ChainHash(
      words: InlineWords(first: words[0], second: words[1], third: words[2], fourth: words[3]))
  }

  private static func absorb(_ part: [UInt8], into hasher: inout SHA256) {
    withUnsafeBytes(of: UInt64(part.count).littleEndian) { hasher.update(bufferPointer: $0) }
    part.withUnsafeBytes { hasher.update(bufferPointer: $0) }
  }

  /// 64 hexadecimal digits.
  public var description: String {
    let digits = Array("0123456789abcdef")
    var text = ""
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}
