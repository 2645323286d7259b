// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
public import Quantities
import RiskEngine

/// What came into the insurance fund and went out of it, how large it should be, and its alarms.
public struct FundHistory: Sendable {
  /// For what money came in or went out.
  public enum Flow: String, Hashable, Sendable, CaseIterable {
    case contribution
    case penalty
    case gapPremium
    case interest
    /// On top of fees, while the fund is below its target.
    case surcharge
    /// Assets exchanged with accounts, what came in less what went out.
    case conversion
    /// Debts of accounts in liquidation.
    case cover
    /// To bidders for what is worth nothing.
    case auctionReward
    /// Back to winners who shared a loss.
    case recovery
    /// Capital of its hedge, what came back less what went there.
    case hedge
    /// Its part of what collateral was sold for.
    case collateralSale
    /// Paid for rights to slices where the account has its due, and deposits of bids not opened.
    case rights
    case other
  }

  /// One block and everything that followed from it.
  public struct Point: Hashable, Sendable {
    /// Millionths of the quote currency in the order of the flows, out of the fund negative.
    public var flows = [Int64](repeating: 0, count: Flow.allCases.count)
    /// How large the fund should be; absent where nobody asks.
    public var target: Int64?
    /// Its highest balances, asset by asset, at the prices of the block; absent unless watched.
    public var peak: Int64?

    public init() {}

    public subscript(flow: Flow) -> Int64 { flows[FundHistory.place(flow)] }
  }

  /// A part of the highest balance in one asset is gone, or is there again.
  public struct Alarm: Hashable, Sendable {
    public let time: Timestamp
    public let asset: AssetSymbol
    /// 0, 25, 50 or 75.
    public let percent: Int
    /// The fund in all assets then, millionths of the quote currency.
    public let balance: Int64
  }

  public var points: [Point] = []
  public var alarms: [Alarm] = []

  public init() {}

  /// Of all blocks, millionths of the quote currency.
  public subscript(flow: Flow) -> Int64 {
    points.reduce(0) { WaterfallCosts.sum($0, $1[flow]) }
  }

  fileprivate static func place(_ flow: Flow) -> Int {
    Flow.allCases.firstIndex(of: flow) ?? 0
  }

  static func flow(of reason: TransferReason) -> Flow {
    switch reason {
    case .fundContribution: .contribution
    case .liquidationPenalty: .penalty
    case .gapPremium: .gapPremium
    case .interest: .interest
    case .fundSurcharge: .surcharge
    case .conversion: .conversion
    case .insuranceCover: .cover
    case .auctionReward: .auctionReward
    case .lossRecovery: .recovery
    case .hedgeCapital, .hedgeReturn: .hedge
    case .conversionFee: .collateralSale
    case .rightsPayment, .rightsForfeit: .rights
    default: .other
    }
  }
}

/// Follows the insurance fund through a replay.
struct FundLog {
  private(set) var history = FundHistory()
  private var point = FundHistory.Point()
  /// The most alarms kept.
  private static let mostAlarms = 1_000

  /// Forgets what came in before the first block.
  mutating func start() { point = FundHistory.Point() }

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .transferred(let transfer):
      guard transfer.from.fundUniverse ?? transfer.to.fundUniverse != nil,
        let asset = engine.state.listing.index(of: transfer.amount.asset)
      else { return }
      let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
      let place = FundHistory.place(FundHistory.flow(of: transfer.reason))
      point.flows[place] = WaterfallCosts.sum(
        point.flows[place], transfer.to.fundUniverse != nil ? value : -value)
    case .fundDrawdownChanged(let asset, let percent, _):
      // The first of an asset only begins the watch.
      let isFirst = percent == 0 && !history.alarms.contains { $0.asset == asset.symbol }
      guard !isFirst, history.alarms.count < Self.mostAlarms else { return }
      history.alarms.append(
        FundHistory.Alarm(
          time: engine.state.time, asset: asset.symbol, percent: Int(percent),
          balance: Self.value(of: engine)))
    default: break
    }
  }

  /// Ends a block.
  mutating func record(_ engine: Engine) {
    let book = engine.state.losses
    point.target = book.review?.target
    if book.funds.contains(where: { $0.peak > 0 }), let valuation = engine.valuation {
      point.peak = book.funds.reduce(0) { sum, standing in
        let asset = engine.state.listing.index(of: standing.asset)
        return WaterfallCosts.sum(sum, asset.map { valuation.quote(standing.peak, asset: $0) } ?? 0)
      }
    }
    history.points.append(point)
    point = FundHistory.Point()
  }

  private static func value(of engine: Engine) -> Int64 {
    guard let valuation = engine.valuation else { return 0 }
    return engine.state.houses.indices.reduce(0) { sum, asset in
      WaterfallCosts.sum(
        sum, valuation.quote(Int64(clamping: engine.state.houses[asset].allFunds), asset: asset))
    }
  }
}
