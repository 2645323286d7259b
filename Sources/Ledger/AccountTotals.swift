// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// An account as it was before something changed it.
public struct EarlierAccount: Sendable {
  /// Dense index.
  public let index: Int
  public let account: Account

  public init(index: Int, account: Account) {
    self.index = index
    self.account = account
  }
}

/// Earlier accounts in the order in which they lie in memory: whoever passes over them is all
/// waiting for them.
public struct EarlierOrder: Sendable {
  /// The dense index of each and its place in the list, sorted.
  private let keys: [UInt64]

  /// Some of them, side by side.
  public struct Part: Sendable {
    let keys: ArraySlice<UInt64>
  }

  public init(_ earlier: [EarlierAccount]) {
    var keys: [UInt64] = []
    keys.reserveCapacity(earlier.count)
    // Ids are of 32 bits, so there are fewer accounts than that.
    for place in earlier.indices { keys.append(UInt64(earlier[place].index) << 32 | UInt64(place)) }
    keys.sort()
    self.keys = keys
  }

  public var all: Part { Part(keys: keys[...]) }

  /// One of so many parts of like size, which together are all.
  public func part(_ number: Int, of count: Int) -> Part {
    Part(keys: keys[keys.count * number / count..<keys.count * (number + 1) / count])
  }

  static func read(_ key: UInt64) -> (index: Int, place: Int) {
    (Int(key >> 32), Int(key & 0xFFFF_FFFF))
  }
}

/// Sums over all accounts, which the running totals of a state must equal.
///
/// Taken anew in one pass, or kept: what an account was comes out, what it has become goes in.
/// The sums are exact integers, so both ways come to the same.
public struct AccountTotals: Hashable, Sendable {
  /// By collateral asset.
  var customers: [Int128]
  /// By instrument.
  var costs: [Int128]
  var sizes: [Int64]
  var longs: [Int64]

  /// Of no account at all, with a place for each asset and instrument of a state.
  public init(placesOf state: LedgerState) {
    self.init(assets: state.houses.count, instruments: state.totals.count)
  }

  /// Of no account at all.
  init(assets: Int, instruments: Int) {
    customers = Array(repeating: 0, count: assets)
    costs = Array(repeating: 0, count: instruments)
    sizes = Array(repeating: 0, count: instruments)
    longs = Array(repeating: 0, count: instruments)
  }

  /// Of all accounts of a state whose accounts are well-formed.
  public init(_ state: LedgerState) {
    self.init(assets: state.houses.count, instruments: state.totals.count)
    let accounts = state.accounts.span
    for index in accounts.indices {
      add(accounts[index].portfolio.balances, accounts[index].portfolio.positions, 1, state.listing)
    }
  }

  /// Whether the sums have a place for each asset and instrument of a state.
  func fits(_ state: LedgerState) -> Bool {
    customers.count == state.houses.count && sizes.count == state.totals.count
  }

  /// Takes in that accounts have become what they are in `state`.
  ///
  /// - Parameter earlier: Each of them once, as it is in the sums.
  public mutating func follow(_ earlier: [EarlierAccount], in state: LedgerState) {
    follow(EarlierOrder(earlier).all, of: earlier, in: state)
  }

  /// The same for some of the accounts.
  public mutating func follow(
    _ part: EarlierOrder.Part, of earlier: [EarlierAccount], in state: LedgerState
  ) {
    let (before, now, listing) = (earlier.span, state.accounts.span, state.listing)
    for key in part.keys {
      let (index, place) = EarlierOrder.read(key)
      add(
        before[place].account.portfolio.balances, before[place].account.portfolio.positions, -1,
        listing)
      add(now[index].portfolio.balances, now[index].portfolio.positions, 1, listing)
    }
  }

  /// Adds what some other accounts come to.
  ///
  /// - Precondition: Both have places for the same assets and instruments.
  public mutating func add(_ other: AccountTotals) {
    for asset in customers.indices { customers[asset] += other.customers[asset] }
    for instrument in sizes.indices {
      costs[instrument] += other.costs[instrument]
      sizes[instrument] += other.sizes[instrument]
      longs[instrument] += other.longs[instrument]
    }
  }

  /// Takes an account out as it is now.
  public mutating func exclude(_ index: Int, of state: LedgerState) {
    let accounts = state.accounts.span
    add(accounts[index].portfolio.balances, accounts[index].portfolio.positions, -1, state.listing)
  }

  /// Puts accounts in as they are now, each of them once.
  public mutating func include(_ indices: [Int], of state: LedgerState) {
    let (accounts, listing) = (state.accounts.span, state.listing)
    // In the order in which they lie in memory: the loop is all waiting for them.
    for index in indices.sorted() {
      add(accounts[index].portfolio.balances, accounts[index].portfolio.positions, 1, listing)
    }
  }

  /// Two arrays and not the portfolio, which would be copied with its account.
  ///
  /// - Parameter sign: 1 puts a portfolio in, −1 takes it out.
  mutating func add(
    _ balances: [Int64], _ positions: [Position], _ sign: Int64, _ listing: Listing
  ) {
    // In 64 bits: balances, costs and sizes are far inside their fields.
    let assets = min(balances.count, customers.count)
    for asset in 0..<assets { customers[asset] += Int128(sign * balances[asset]) }
    for position in positions {
      guard let instrument = listing.index(of: position.instrument) else { continue }
      costs[instrument] += Int128(sign * position.cost)
      sizes[instrument] += sign * position.size.steps
      longs[instrument] += sign * max(position.size.steps, 0)
    }
  }
}
