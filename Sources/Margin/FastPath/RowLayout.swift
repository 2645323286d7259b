// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Quantities

/// What of a listing the rows of accounts are sorted by; the same for every block.
struct RowLayout: Sendable {
  /// Rises by underlying, then expiry, then strike; by contract.
  let contractKeys: [UInt64]
  /// Of an amount of collateral, before all contracts of its underlying.
  let assetKeys: [UInt64]
  /// The underlying of each collateral asset; −1 for the quote currency, which has no row.
  let assetUnderlyings: [Int]
  let instruments: [InstrumentID]
  /// Expiry and strike slots by contract; −1 for what is no option.
  let optionExpiries: [Int32]
  let optionStrikes: [Int32]
  /// Dense index of the asset in which a contract settles.
  let settlements: [Int32]
  /// Whether the sweep can hold the contract: it settles in quote or in its own coin, and the
  /// quantity of one step leaves room for sums.
  let isSweepable: [Bool]
  /// The collateral asset that is the underlying itself, by underlying; −1 for none.
  let coins: [Int32]
  /// Of everything rows are sorted by: rows and tables of one listing have the same.
  let fingerprint: UInt64

  var assetCount: Int { assetKeys.count }

  init(_ engine: RequirementEngine) {
    let layout = engine.layout
    // Each index has its bits in a key or an entry; no venue comes near.
    precondition(layout.places.count < RowLimits.mostRows, "contracts of a listing")
    precondition(layout.underlyings.count < 1 << 16, "underlyings of a listing")
    precondition(layout.expiries.count < 1 << 22 - 1, "expiries of a listing")
    instruments = layout.listing.contracts.map(\.id)
    contractKeys = layout.places.map { place in
      UInt64(place.underlying) << 48 | UInt64(place.expiry + 1) << 26
        | UInt64(place.strike + 1) << 2 | 1
    }
    assetUnderlyings = layout.collateralUnderlyings
    assetKeys = assetUnderlyings.map { $0 < 0 ? 0 : UInt64($0) << 48 }
    let isOption = layout.listing.contracts.map(\.isOption)
    optionExpiries = zip(layout.places, isOption).map { $1 ? Int32($0.expiry) : -1 }
    optionStrikes = zip(layout.places, isOption).map { $1 ? Int32($0.strike) : -1 }
    settlements = layout.places.map { Int32($0.settlement) }
    let coins = layout.underlyings.map { symbol in
      Int32(layout.listing.collateral.firstIndex { $0.asset.symbol == symbol } ?? -1)
    }
    self.coins = coins
    // FNV-1a over the words.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for word in contractKeys + assetKeys + instruments.map({ UInt64($0.number) }) {
      hash = (hash ^ word) &* 0x100_0000_01b3
    }
    fingerprint = hash
    isSweepable = zip(layout.listing.contracts, layout.places).map { contract, place in
      let isQuote = layout.collateralUnderlyings[place.settlement] < 0
      let isOwnCoin =
        place.settlement == Int(coins[place.underlying])
        && layout.collateralUnderlyings[place.settlement] == place.underlying
      return (isQuote && place.settlement == 0 || isOwnCoin)
        && contract.stepQuantity < RowLimits.largestQuantity
    }
  }

  /// The key of an entry.
  @inline(__always)
  func key(_ entry: UInt32) -> UInt64 {
    let row = Int(entry & PLIMSOLL_ENTRY_ROW)
    return entry & PLIMSOLL_ENTRY_AMOUNT != 0 ? assetKeys[row] : contractKeys[row]
  }

  /// Sets the flags of a whole account's entries, which are sorted.
  func flag(_ entries: inout [UInt32]) {
    var start = entries.startIndex
    while start < entries.endIndex {
      let underlying = key(entries[start]) >> 48
      var end = start
      var isWide = false
      while end < entries.endIndex, key(entries[end]) >> 48 == underlying {
        entries[end] &= PLIMSOLL_ENTRY_ROW | PLIMSOLL_ENTRY_AMOUNT
        isWide = isWide || isOption(entries[end])
        end += 1
      }
      for place in start..<end {
        let isLast = place + 1 == end || date(entries[place]) != date(entries[place + 1])
        if isLast { entries[place] |= PLIMSOLL_ENTRY_ENDS_DATE }
      }
      if isWide { flagOptions(&entries, start..<end) }
      entries[end - 1] |= PLIMSOLL_ENTRY_ENDS_RUN
      start = end
    }
  }

  /// Underlying and expiry of an entry, as one number; an amount has that of what has no expiry.
  private func date(_ entry: UInt32) -> UInt64 { key(entry) >> 26 }

  private func flagOptions(_ entries: inout [UInt32], _ run: Range<Int>) {
    for place in run {
      entries[place] |= PLIMSOLL_ENTRY_WIDE
      guard isOption(entries[place]) else { continue }
      let row = Int(entries[place] & PLIMSOLL_ENTRY_ROW)
      let next = place + 1 < run.upperBound ? entries[place + 1] : nil
      let following = next.map { Int($0 & PLIMSOLL_ENTRY_ROW) }
      // A future of the next expiry stands before its options, so what follows decides.
      if following.map({ optionStrikes[$0] }) != optionStrikes[row] {
        entries[place] |= PLIMSOLL_ENTRY_ENDS_STRIKE
      }
      if following.map({ optionExpiries[$0] }) != optionExpiries[row] {
        entries[place] |= PLIMSOLL_ENTRY_ENDS_EXPIRY
      }
    }
  }

  private func isOption(_ entry: UInt32) -> Bool {
    entry & PLIMSOLL_ENTRY_AMOUNT == 0 && optionStrikes[Int(entry & PLIMSOLL_ENTRY_ROW)] >= 0
  }
}

/// The bounds inside which no sum of the sweep can leave 64 bits.
///
/// An account with Σ|size| < 2^28 steps and cells of 32 bits has scenario sums below 2^59, worth
/// below 2^57 and quantities below 2^62; provisions of a step below 2^62 are summed as two halves
/// of 31 bits. With Σ|amount| < 2^51 ledger units and amount cells of at most 2^40 (with 32 binary
/// places) coins add less than 2^59 + 1 each. Net deltas stay below 2^62 and their charges, with
/// weights below 2^53, below 2^115. What is beyond is measured by ``RequirementEngine``.
enum RowLimits {
  static let grossSteps: Int64 = 1 << 28
  static let largestQuantity: Int64 = 1 << 34
  static let largestProvision: Int64 = 1 << 62
  static let provisionBits: Int64 = 31
  static let largestBasis: Int64 = 1 << 53
  static let grossAmount: Int64 = 1 << 51
  static let largestAmountCell: Int64 = 1 << 40
  /// Positions and coins of one account.
  static let mostEntries = RiskScratch.mostPositions + 64
  /// Contracts and assets that an entry can name.
  static let mostRows = 1 << 24
}
