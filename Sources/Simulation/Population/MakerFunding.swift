// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities

/// The makers' deposits: in the assets their trades settle in, so many times what they take.
enum MakerFunding {
  /// Collateral for each quote unit of opening trades.
  private static let multiple = 5.0
  /// Quote units that each maker has besides.
  private static let least = 100_000_000.0

  static func deposits(
    for makers: MakerRoster, trades: [TradeReport], in market: VenueMarket
  ) -> [OpeningStep] {
    let accounts = makers.accounts
    let assets = market.listing.collateral
    var wanted = [[Double]](
      repeating: [least] + Array(repeating: 0, count: assets.count - 1), count: accounts.count)
    for trade in trades {
      guard let instrument = market.listing.index(of: trade.instrument),
        let perStep = market.stepNotional(of: instrument),
        let asset = market.listing.index(
          of: market.listing.contracts[instrument].settlementAsset)
      else { continue }
      for side in [trade.buyer, trade.seller] {
        guard let slot = accounts.firstIndex(of: side) else { continue }
        wanted[slot][asset] += Double(trade.size.steps) * perStep * multiple
      }
    }
    return zip(accounts, wanted).flatMap { account, values in
      assets.indices.compactMap { asset in
        guard values[asset] > 0, let whole = market.wholeValue(ofCollateral: asset), whole > 0
        else { return nil }
        // A quarter of the largest amount leaves room for every later profit.
        let units = values[asset] / whole * Double(assets[asset].asset.unitsPerWhole)
        let amount = Amount(
          units: Int64(min(units, Double(Amount.limit / 4))), asset: assets[asset].asset)
        return OpeningStep(command: .depositCollateral(account, amount))
      }
    }
  }
}
