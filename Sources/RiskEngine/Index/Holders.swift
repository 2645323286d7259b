// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// One account's position, beside the others in the same instrument.
struct Holding: Hashable, Sendable {
  /// Dense index.
  let account: Int32
  /// Of the same account: who passes over many holders looks nothing up for it.
  let id: AccountID
  let position: Position
  /// The unit value above which a long position has a profit, or below which a short one has;
  /// exact: cost ÷ size, rounded down for a long and up for a short.
  let entry: Int64

  init(account: Int, _ id: AccountID, _ position: Position) {
    self.account = Int32(account)
    self.id = id
    self.position = position
    let sign = position.size.sign
    let steps = max(position.size.steps * sign, 1)
    let (quotient, rest) = (position.cost * sign).quotientAndRemainder(dividingBy: steps)
    // Of what rounds towards zero, down for a long and up for a short.
    let isOff = sign > 0 ? rest < 0 : rest > 0
    entry = isOff ? quotient - sign : quotient
  }
}

/// Who holds an instrument and how much.
struct Holders: Hashable, Sendable {
  private(set) var longs = HolderSide(isLong: true)
  private(set) var shorts = HolderSide(isLong: false)

  /// Takes over an account's position, not of size zero.
  mutating func set(_ position: Position, of account: Int, _ id: AccountID) {
    let holding = Holding(account: account, id, position)
    if position.size.sign > 0 {
      longs.set(holding)
      shorts.remove(account)
    } else {
      shorts.set(holding)
      longs.remove(account)
    }
  }

  /// Strikes an account out, if it is in.
  mutating func remove(_ account: Int) {
    longs.remove(account)
    shorts.remove(account)
  }

  /// Every holding: longs before shorts, each by ascending account.
  func forEachHolding(_ body: (Holding) -> Void) {
    for side in [longs, shorts] {
      for bucket in side.buckets { bucket.holdings.forEach(body) }
    }
  }

  /// Every holding of one side with a profit at a unit value, by ascending account.
  func forEachWinner(long: Bool, at unitValue: Int64, _ body: (Holding) -> Void) {
    (long ? longs : shorts).forEachWinner(at: unitValue, body)
  }
}

/// The holders of one side, by ascending account.
///
/// Kept in buckets of neighbors, so that a new or a closed position moves only what is in its
/// bucket, however many hold the instrument; and with the best entry of each bucket, so that a
/// search for profits passes over buckets without any. A bucket that is full is halved, so that
/// even few holders among many accounts lie side by side.
struct HolderSide: Hashable, Sendable {
  let isLong: Bool
  /// None is empty.
  private(set) var buckets: [Bucket] = []
  /// The first account of each bucket, for whoever looks for the right one.
  private var firsts: [Int32] = []

  static let mostPerBucket = 256

  struct Bucket: Hashable, Sendable {
    /// Ascending.
    fileprivate(set) var holdings: [Holding] = []
    /// The lowest entry of longs, the highest of shorts.
    fileprivate(set) var best: Int64
  }

  init(isLong: Bool) { self.isLong = isLong }

  /// How many hold.
  var count: Int { buckets.reduce(0) { $0 + $1.holdings.count } }

  /// Every holding with a profit at a unit value, or every other one, by ascending account.
  @inline(__always)
  func forEach(winning: Bool, at unitValue: Int64, _ body: (Holding) -> Void) {
    if winning {
      forEachWinner(at: unitValue, body)
    } else {
      forEachLoser(at: unitValue, body)
    }
  }

  /// Every holding with a profit at a unit value, by ascending account.
  @inline(__always)
  func forEachWinner(at unitValue: Int64, _ body: (Holding) -> Void) {
    for bucket in buckets where wins(bucket.best, at: unitValue) {
      for holding in bucket.holdings where wins(holding.entry, at: unitValue) { body(holding) }
    }
  }

  /// Every holding without a profit at a unit value, by ascending account.
  @inline(__always)
  func forEachLoser(at unitValue: Int64, _ body: (Holding) -> Void) {
    for bucket in buckets {
      for holding in bucket.holdings where !wins(holding.entry, at: unitValue) { body(holding) }
    }
  }

  private func wins(_ entry: Int64, at unitValue: Int64) -> Bool {
    isLong ? unitValue > entry : unitValue < entry
  }

  /// The entry that no unit value wins against.
  private var none: Int64 { isLong ? .max : .min }

  fileprivate mutating func set(_ holding: Holding) {
    guard !buckets.isEmpty else {
      buckets.append(Bucket(holdings: [holding], best: holding.entry))
      firsts.append(holding.account)
      return
    }
    let bucket = bucket(of: holding.account)
    let place = place(of: holding.account, in: bucket)
    guard isHeld(by: holding.account, at: place, in: bucket) else {
      buckets[bucket].holdings.insert(holding, at: place)
      buckets[bucket].best = better(buckets[bucket].best, holding.entry)
      if place == 0 { firsts[bucket] = holding.account }
      if buckets[bucket].holdings.count > Self.mostPerBucket { halve(bucket) }
      return
    }
    let before = buckets[bucket].holdings[place].entry
    buckets[bucket].holdings[place] = holding
    // Most changes leave the entry as it was, and many of a bucket may share the best one.
    guard holding.entry != before else { return }
    refresh(bucket, without: before)
    buckets[bucket].best = better(buckets[bucket].best, holding.entry)
  }

  fileprivate mutating func remove(_ account: Int) {
    guard !buckets.isEmpty else { return }
    let bucket = bucket(of: Int32(account))
    let place = place(of: Int32(account), in: bucket)
    guard isHeld(by: Int32(account), at: place, in: bucket) else { return }
    let before = buckets[bucket].holdings.remove(at: place).entry
    guard let first = buckets[bucket].holdings.first else {
      buckets.remove(at: bucket)
      firsts.remove(at: bucket)
      return
    }
    firsts[bucket] = first.account
    refresh(bucket, without: before)
  }

  private mutating func halve(_ bucket: Int) {
    let middle = buckets[bucket].holdings.count / 2
    let later = Array(buckets[bucket].holdings[middle...])
    buckets[bucket].holdings.removeSubrange(middle...)
    buckets[bucket].best = best(of: buckets[bucket].holdings)
    buckets.insert(Bucket(holdings: later, best: best(of: later)), at: bucket + 1)
    firsts.insert(later[0].account, at: bucket + 1)
  }

  private func best(of holdings: [Holding]) -> Int64 {
    holdings.reduce(none) { better($0, $1.entry) }
  }

  /// The bucket that an account is in, or would be inserted in.
  private func bucket(of account: Int32) -> Int {
    var low = 0
    var high = firsts.count
    while low < high {
      let middle = (low + high) / 2
      if firsts[middle] <= account { low = middle + 1 } else { high = middle }
    }
    return max(low - 1, 0)
  }

  /// Finds the best entry anew if it was the one that is gone.
  private mutating func refresh(_ bucket: Int, without entry: Int64) {
    guard buckets[bucket].best == entry else { return }
    buckets[bucket].best = best(of: buckets[bucket].holdings)
  }

  private func better(_ one: Int64, _ other: Int64) -> Int64 {
    isLong ? min(one, other) : max(one, other)
  }

  private func isHeld(by account: Int32, at place: Int, in bucket: Int) -> Bool {
    place < buckets[bucket].holdings.count && buckets[bucket].holdings[place].account == account
  }

  /// Where an account is in its bucket, or would be inserted.
  private func place(of account: Int32, in bucket: Int) -> Int {
    var low = 0
    var high = buckets[bucket].holdings.count
    while low < high {
      let middle = (low + high) / 2
      if buckets[bucket].holdings[middle].account < account {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}
