// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import MarketData
import Parameters
import Quantities
import Simulation

/// One sum of a replay: the one list from which page, terminal and JSON are written.
struct KeyFigure {
  /// The field's name in JSON; never changes its meaning.
  let field: String
  let label: String
  let value: Value

  enum Value: Hashable {
    case count(Int)
    /// Millionths of the quote currency.
    case money(Int64)
  }

  private init(_ field: String, _ label: String, _ value: Value) {
    self.field = field
    self.label = label
    self.value = value
  }
}

extension KeyFigure {
  /// Every sum there is, in the order in which they are read.
  static func all(of result: ReplayResult) -> [KeyFigure] {
    size(of: result) + damage(of: result) + coverage(of: result) + fund(of: result)
      + pool(of: result) + door(of: result)
  }

  private static func size(of result: ReplayResult) -> [KeyFigure] {
    let totals = result.totals
    return [
      KeyFigure("blocks", "Blocks", .count(totals.blocks)),
      KeyFigure("records", "Records", .count(totals.records)),
      KeyFigure("events", "Events", .count(totals.events)),
      KeyFigure("accounts", "Accounts", .count(totals.accounts)),
      KeyFigure("positions", "Positions at the start", .count(totals.positions)),
      KeyFigure("instruments", "Instruments", .count(totals.instruments)),
    ]
  }

  private static func damage(of result: ReplayResult) -> [KeyFigure] {
    let totals = result.totals
    let most = result.points.map(\.accountsInLiquidation).max() ?? 0
    let owed = result.points.map(\.uncoveredValue).max() ?? 0
    return [
      KeyFigure("liquidations", "Liquidations", .count(totals.liquidations)),
      KeyFigure("mostAccountsInLiquidation", "Most accounts in liquidation at once", .count(most)),
      KeyFigure("liquidatedValue", "Closed in the book", .money(totals.liquidatedValue)),
      KeyFigure("deleveragedValue", "Auto-deleveraged", .money(totals.deleveragedValue)),
      KeyFigure(
        "deleveragedAccounts", "Accounts deleveraged", .count(totals.deleveragedAccounts)),
      KeyFigure("socializedValue", "Socialized loss", .money(totals.socializedValue)),
      KeyFigure("highestUncoveredValue", "Most owed at the end of a block", .money(owed)),
    ]
  }

  private static func coverage(of result: ReplayResult) -> [KeyFigure] {
    let coverage = result.totals.coverage
    return [
      KeyFigure("accountBlocks", "Accounts with margin, all blocks", .count(coverage.accounts)),
      KeyFigure(
        "lossesBeyondMaintenance", "… that lost more than maintenance margin in a block",
        .count(coverage.beyondMaintenanceCount)),
      KeyFigure(
        "lossesBeyondInitial", "… that lost more than initial margin in a block",
        .count(coverage.beyondInitialCount)),
      KeyFigure("lossValue", "Losses from block to block", .money(coverage.losses)),
      KeyFigure(
        "lossValueBeyondMaintenance", "… of them beyond maintenance margin",
        .money(coverage.beyondMaintenance)),
      KeyFigure(
        "lossValueBeyondInitial", "… of them beyond initial margin",
        .money(coverage.beyondInitial)),
    ]
  }

  private static func fund(of result: ReplayResult) -> [KeyFigure] {
    let totals = result.totals
    return [
      KeyFigure("fundAtStart", "Insurance fund at the start", .money(totals.fundAtStart)),
      KeyFigure("lowestFund", "Insurance fund at its lowest", .money(totals.lowestFund)),
      KeyFigure("fundAtEnd", "Insurance fund at the end", .money(totals.fundAtEnd)),
      KeyFigure("fundPaid", "Paid by the insurance fund", .money(totals.fundPaid)),
      KeyFigure("penalties", "Penalties paid to it", .money(totals.penalties)),
      KeyFigure("gapPremiums", "Gap premiums paid to it", .money(totals.gapPremiums)),
      KeyFigure("fees", "Trading fees earned by the venue", .money(totals.fees)),
    ]
  }

  /// Nothing of a venue without backstop pools.
  private static func pool(of result: ReplayResult) -> [KeyFigure] {
    let totals = result.totals
    guard totals.poolAtStart > 0 else { return [] }
    return [
      KeyFigure("poolAtStart", "Backstop pools at the start", .money(totals.poolAtStart)),
      KeyFigure("poolTakenValue", "Taken over by them", .money(totals.poolTakenValue)),
      KeyFigure("poolProfit", "What they gained", .money(totals.poolProfit)),
    ]
  }

  private static func door(of result: ReplayResult) -> [KeyFigure] {
    let totals = result.totals
    return [
      KeyFigure("rejectedSamples", "Rejected price samples", .count(totals.rejectedSamples)),
      KeyFigure("refusedCommands", "Refused commands", .count(totals.refusedCommands)),
      KeyFigure("skippedRows", "Skipped input rows", .count(result.origin.skippedRows.count)),
    ]
  }
}

extension KeyFigure.Value {
  /// Counts as they are, money in millionths.
  var number: Int64 {
    switch self {
    case .count(let count): Int64(count)
    case .money(let millionths): millionths
    }
  }

  func short(_ money: MoneyFormat) -> String {
    switch self {
    case .count(let count): NumberText.grouped(Int64(count))
    case .money(let millionths): money.short(millionths)
    }
  }

  func exact(_ money: MoneyFormat) -> String {
    switch self {
    case .count(let count): NumberText.grouped(Int64(count))
    case .money(let millionths): money.exact(millionths)
    }
  }

  /// What must be added to `self` to give `other`, with its sign.
  func difference(to other: Self, _ money: MoneyFormat) -> String {
    let difference = other.number - number
    return switch self {
    case .count: NumberText.signed(NumberText.grouped(difference))
    case .money: money.change(difference)
    }
  }

  /// A number, or exact decimals of the quote currency as a string, so that no reader rounds.
  var json: JSONText {
    switch self {
    case .count(let count): .integer(count)
    case .money(let millionths): .string(decimalText(millionths, decimals: 6))
    }
  }
}

/// How many liquidations went how far.
struct StageCount {
  let stage: LiquidationStage
  let count: Int

  /// For each of the results the same stages, in the order of the first one's waterfall.
  static func all(of results: [ReplayResult]) -> [[StageCount]] {
    let stages = results.first.map { order(of: $0.origin.parameters) } ?? []
    return results.map { result in
      stages.map {
        StageCount(stage: $0, count: result.totals.liquidationsByFurthestStage[$0] ?? 0)
      }
    }
  }

  /// The stages in the order in which a venue's accounts go through them; those it leaves out
  /// stand where they usually do.
  private static func order(of parameters: ParameterSet) -> [LiquidationStage] {
    let usual: [(parameter: WaterfallParameters.Stage, stage: LiquidationStage)] = [
      (.partial, .partial), (.auction, .auction), (.pool, .pool),
      (.insuranceFund, .insuranceFund), (.deleveraging, .deleveraging),
      (.socializedLoss, .socializedLoss),
    ]
    let used = (try? LiquidationParameters(parameters))?.waterfall.stages ?? []
    var next = used.makeIterator()
    return [.cancelOrders]
      + usual.map { place in
        guard used.contains(place.parameter), let parameter = next.next() else {
          return place.stage
        }
        return usual.first { $0.parameter == parameter }?.stage ?? place.stage
      }
  }

  /// The stage's name in JSON.
  var field: String {
    switch stage {
    case .cancelOrders: "cancelOrders"
    case .partial: "partial"
    case .insuranceFund: "insuranceFund"
    case .deleveraging: "deleveraging"
    case .socializedLoss: "socializedLoss"
    case .auction: "auction"
    case .pool: "pool"
    }
  }

  /// What happens in the stage, in a clause.
  var meaning: String {
    switch stage {
    case .cancelOrders: "resting orders are cancelled; what they tied up may be enough"
    case .partial: "positions are reduced in the book, never beyond the bankruptcy price"
    case .insuranceFund: "the fund pays for closing beyond the bankruptcy price"
    case .deleveraging: "positions opposite are closed against it, at the price the venue states"
    case .socializedLoss:
      "winners of the market, or by size all who hold a position in it, are asked for what is "
        + "left, up to a cap"
    case .auction: "slices of the portfolio are sold at a price that falls with time"
    case .pool: "a pool of the venue's backers takes positions over"
    }
  }
}

/// What the accepted price of one underlying did.
struct MarketFigure {
  let underlying: AssetSymbol
  let first: Price
  let lowest: Price
  let lowestAt: Timestamp
  let highest: Price
  let last: Price
  /// Blocks without a fresh quorum, in which nothing was liquidated.
  let reduceOnlyBlocks: Int

  /// - Returns: `nil` when no price of the underlying was ever accepted.
  init?(_ underlying: AssetSymbol, in points: [ReplayPoint]) {
    let blocks = points.compactMap { point in
      point.markets.first { $0.underlying == underlying }.map { (point.time, $0) }
    }
    let accepted = blocks.compactMap { time, market in market.index.map { (time, $0) } }
    guard let first = accepted.first, let last = accepted.last,
      let lowest = accepted.min(by: { $0.1 < $1.1 }),
      let highest = accepted.max(by: { $0.1 < $1.1 })
    else { return nil }
    self.underlying = underlying
    self.first = first.1
    (lowestAt, self.lowest) = lowest
    self.highest = highest.1
    self.last = last.1
    reduceOnlyBlocks = blocks.count { $0.1.status == .reduceOnly }
  }
}

extension Price {
  /// Digits after the point that are worth showing for prices of this size.
  var shownDecimals: Int {
    switch steps {
    case (10 * Self.stepsPerOne)...: 2
    case Self.stepsPerOne...: 4
    default: 8
    }
  }

  /// Grouped digits, rounded to what is worth showing.
  var readable: String { NumberText.rounded(steps, decimals: 8, shown: shownDecimals) }
}
