// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// How large a cascade is: a crash in which many accounts fail at once.
public struct CascadePlan: Hashable, Sendable {
  /// Accounts besides the makers.
  public let accounts: Int
  public let markets: Int
  /// Accounts that the crash takes below maintenance margin, the insolvent ones included.
  public let liquidations: Int
  /// Of these, accounts that it takes below nothing.
  public let insolvencies: Int
  /// Mean notional of a solvent one's position before the crash, quote currency.
  public let meanNotional: Double
  /// Mean notional of an insolvent one's.
  public let meanInsolventNotional: Double
  /// What all insolvent accounts lack after the crash, as a share of their notional before it.
  public let deficitShare: Double
  /// Mean notional of an account that wins.
  public let meanWinnerNotional: Double
  /// Notional ÷ equity of the winners, median.
  public let winnerLeverage: Double
  public let seed: UInt64

  /// 10 October 2025 on Hyperliquid, by its published aggregates.
  ///
  /// 437,723 accounts, 162 markets; 63,637 liquidations of 5.51 billion dollars, of which 35.4 %
  /// went to auto-deleveraging: 34,983 fills of 19,337 accounts; 302 accounts below nothing by
  /// 23.19 million; median leverage of those deleveraged 0.20. Source: ConejoCapital,
  /// HyperMultiAssetedADL, README and findings. What is not published (shares of markets, sizes,
  /// the depth of each fall) is drawn.
  public static let october2025 = CascadePlan(
    accounts: 437_723, markets: 162, liquidations: 63_637, insolvencies: 302,
    meanNotional: 56_200, meanInsolventNotional: 6_460_000,
    deficitShare: 23.19 / (0.354 * 5_510), meanWinnerNotional: 55_800, winnerLeverage: 0.2,
    seed: 20_251_010)

  public init(
    accounts: Int, markets: Int, liquidations: Int, insolvencies: Int, meanNotional: Double,
    meanInsolventNotional: Double, deficitShare: Double, meanWinnerNotional: Double,
    winnerLeverage: Double, seed: UInt64
  ) {
    self.accounts = accounts
    self.markets = markets
    self.liquidations = liquidations
    self.insolvencies = insolvencies
    self.meanNotional = meanNotional
    self.meanInsolventNotional = meanInsolventNotional
    self.deficitShare = deficitShare
    self.meanWinnerNotional = meanWinnerNotional
    self.winnerLeverage = winnerLeverage
    self.seed = seed
  }

  /// The same crash with a part of the accounts and markets.
  public func scaled(accounts count: Int, markets: Int) -> CascadePlan {
    let share = Double(count) / Double(max(accounts, 1))
    let part = { (whole: Int) in max(Int(Double(whole) * share), 1) }
    return CascadePlan(
      accounts: count, markets: markets, liquidations: part(liquidations),
      insolvencies: part(insolvencies), meanNotional: meanNotional,
      meanInsolventNotional: meanInsolventNotional, deficitShare: deficitShare,
      meanWinnerNotional: meanWinnerNotional, winnerLeverage: winnerLeverage, seed: seed)
  }
}
