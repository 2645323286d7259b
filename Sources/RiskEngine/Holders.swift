// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments

/// One account's position, beside the others in the same instrument.
struct Holding: Hashable, Sendable {
  /// Dense index.
  let account: Int32
  var position: Position
}

/// Who holds an instrument and how much, by ascending account.
///
/// Kept in buckets of neighboring accounts, so that a new or a closed position moves only what is
/// in its bucket, however many hold the instrument.
struct Holders: Hashable, Sendable {
  /// By account ÷ ``accountsPerBucket``; ascending within a bucket.
  private(set) var buckets: [[Holding]] = []

  static let accountsPerBucket = 256

  /// Takes over an account's position.
  mutating func set(_ position: Position, of account: Int) {
    let bucket = account / Self.accountsPerBucket
    while buckets.count <= bucket { buckets.append([]) }
    let place = place(of: account, in: bucket)
    if isHeld(by: account, at: place, in: bucket) {
      buckets[bucket][place].position = position
    } else {
      buckets[bucket].insert(Holding(account: Int32(account), position: position), at: place)
    }
  }

  /// Strikes an account out, if it is in.
  mutating func remove(_ account: Int) {
    let bucket = account / Self.accountsPerBucket
    guard bucket < buckets.count else { return }
    let place = place(of: account, in: bucket)
    if isHeld(by: account, at: place, in: bucket) { buckets[bucket].remove(at: place) }
  }

  private func isHeld(by account: Int, at place: Int, in bucket: Int) -> Bool {
    place < buckets[bucket].count && buckets[bucket][place].account == Int32(account)
  }

  /// Where an account is in its bucket, or would be inserted.
  private func place(of account: Int, in bucket: Int) -> Int {
    var low = 0
    var high = buckets[bucket].count
    while low < high {
      let middle = (low + high) / 2
      if buckets[bucket][middle].account < Int32(account) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}
