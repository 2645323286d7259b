// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Ledger
import Liquidation
public import Margin
public import MarketData
public import Quantities

/// The venue revalued at one block's market: a function of the ledger's state alone.
///
/// Whatever a decision needs besides the state comes from here: risks, notionals, trial
/// portfolios and conversions between the quote currency and other assets.
public struct Valuation: Sendable {
  /// Shared: a valuation is large, is never changed and is handed on with every question.
  private final class Content: Sendable {
    let listing: Listing
    let rules: VenueRules
    let marks: [InstrumentMark]
    let prices: [Price]
    let collateralPrices: [Price]
    let indices: [Price]
    let requirements: RequirementEngine

    /// - Parameter requirements: At the market of the state.
    init(
      _ state: LedgerState, rules: VenueRules, listing: Listing, _ requirements: RequirementEngine
    ) throws(MarginError) {
      self.listing = listing
      self.rules = rules
      let prices = try Valuation.prices(of: state)
      self.prices = prices
      collateralPrices = Valuation.collateralPrices(prices, of: state)
      indices = try Valuation.indices(of: state)
      marks = requirements.marks
      self.requirements = requirements
    }
  }

  private var content: Content

  // Each hands out what it names and no more.
  var listing: Listing { content.listing }
  var rules: VenueRules { content.rules }
  /// By dense index of the instrument.
  public var marks: [InstrumentMark] { content.marks }
  /// By dense index of the collateral asset; the quote currency's is one, and an asset that was
  /// never priced has zero.
  var prices: [Price] { content.prices }
  /// What each asset counts for as collateral: at most its index.
  var collateralPrices: [Price] { content.collateralPrices }
  /// The index of each instrument's underlying, by dense index; zero where there is none.
  private var indices: [Price] { content.indices }
  var requirements: RequirementEngine { content.requirements }

  /// In a venue that was marked before, what has been listed since and has no price yet is left
  /// out: no account can hold it.
  /// - Throws: ``MarginError`` when an underlying has no price in a venue that was never marked,
  ///   or a mark or a scenario leaves its limits.
  init(state: LedgerState, rules: VenueRules) throws(MarginError) {
    // What has no price is refused before anything else is.
    _ = try (Self.prices(of: state), Self.indices(of: state))
    var requirements = try RequirementEngine(
      listing: state.listing, margin: rules.margin, surface: rules.surface)
    try requirements.advance(to: state.snapshot)
    content = try Content(state, rules: rules, listing: state.listing, requirements)
  }

  /// The same listing at another block's market; tables are filled anew and not found anew.
  ///
  /// - Throws: As ``init(state:rules:)``; the valuation is then as it was.
  mutating func advance(to state: LedgerState) throws(MarginError) {
    _ = try (Self.prices(of: state), Self.indices(of: state))
    var requirements = content.requirements
    try requirements.advance(to: state.snapshot)
    content = try Content(state, rules: content.rules, listing: content.listing, requirements)
  }

  private static func prices(of state: LedgerState) throws(MarginError) -> [Price] {
    var prices: [Price] = []
    for asset in state.listing.collateral {
      guard let underlying = asset.underlying else {
        prices.append(Price(steps: Price.stepsPerOne))
        continue
      }
      prices.append(try index(of: underlying, in: state))
    }
    return prices
  }

  private static func collateralPrices(_ prices: [Price], of state: LedgerState) -> [Price] {
    guard !state.collateralMarks.isEmpty else { return prices }
    return zip(state.listing.collateral, prices).map { collateral, price in
      guard collateral.underlying != nil,
        let mark = state.collateralMark(of: collateral.asset)
      else { return price }
      return min(mark.price, price)
    }
  }

  private static func indices(of state: LedgerState) throws(MarginError) -> [Price] {
    var indices: [Price] = []
    for contract in state.listing.contracts {
      indices.append(try index(of: contract.underlying, in: state))
    }
    return indices
  }

  private static func index(
    of underlying: AssetSymbol, in state: LedgerState
  ) throws(MarginError) -> Price {
    if let market = state.market(of: underlying) { return market.market.index }
    guard !state.marks.isEmpty else { throw .unpriced(underlying.description) }
    return .zero
  }

  /// Where an account stands.
  ///
  /// A portfolio that cannot be measured (none that the engine accepted) counts as one that may
  /// neither take risk nor be liquidated: nothing is done on a guess.
  public func risk(_ portfolio: Portfolio) -> AccountRisk {
    (try? content.requirements.risk(of: portfolio)) ?? .unmeasured
  }

  /// Working memory for a row of questions.
  func makeScratch() -> RiskScratch { content.requirements.makeScratch() }

  /// Whether working memory was made for a venue of this shape.
  func fits(_ scratch: borrowing RiskScratch) -> Bool { content.requirements.fits(scratch) }

  /// The same with the caller's working memory.
  func risk(_ portfolio: borrowing Portfolio, _ scratch: inout RiskScratch) -> AccountRisk {
    (try? content.requirements.risk(of: portfolio, scratch: &scratch)) ?? .unmeasured
  }

  /// What an account pays for jumps through its margin over a time, millionths of the quote
  /// currency; nothing of an account that cannot be measured.
  func gapPremium(
    _ portfolio: Portfolio, over span: TimeSpan, _ scratch: inout RiskScratch
  ) -> Int64 {
    (try? content.requirements.gapPremium(of: portfolio, over: span, scratch: &scratch)) ?? 0
  }

  /// Writes the risk of every account, by dense index.
  ///
  /// - Precondition: There is a place for each.
  func measure(_ accounts: [Account], into risks: inout [AccountRisk], workers: AccountWorkers) {
    risks.withUnsafeMutableBufferPointer { risks in
      measure(accounts, from: 0, into: risks, workers)
    }
  }

  /// Writes the risks of the accounts from a place on, one by one.
  private func measure(
    _ accounts: [Account], from first: Int, into risks: UnsafeMutableBufferPointer<AccountRisk>,
    _ workers: AccountWorkers
  ) {
    precondition(risks.count == accounts.count, "a place for every risk")
    let requirements = content.requirements
    workers.divide(accounts.count - first, into: risks) { range, risks in
      var scratch = requirements.makeScratch()
      // A span lends its elements: an account is not copied to be measured.
      let accounts = accounts.span
      for index in range {
        let risk = try? requirements.risk(
          of: accounts[first + index].portfolio, scratch: &scratch)
        risks[first + index] = risk ?? .unmeasured
      }
    }
  }

  // MARK: By rows

  /// Rows of all accounts at this market.
  func rows(of accounts: [Account]) -> FollowedRows {
    FollowedRows(content.requirements, count: accounts.count) { accounts[$0].portfolio }
  }

  /// Brings rows up to this market and to what some accounts have become.
  func update(_ rows: inout FollowedRows, _ changed: [Int], of accounts: [Account]) {
    let (requirements, accounts) = (content.requirements, accounts.span)
    rows.advance(to: requirements)
    for index in changed { rows.replace(index, with: accounts[index].portfolio, requirements) }
  }

  /// ``measure(_:into:workers:)`` by rows that are up to date, with the same results.
  func measure(
    _ accounts: [Account], by rows: FollowedRows, into risks: inout [AccountRisk],
    workers: AccountWorkers
  ) {
    guard let sweep = rows.sweep(content.requirements) else {
      return measure(accounts, into: &risks, workers: workers)
    }
    risks.withUnsafeMutableBufferPointer { risks in
      workers.divide(rows.count, into: risks) { range, risks in
        rows.measure(range, sweep, unmeasured: .unmeasured, into: risks) {
          accounts[$0].portfolio
        }
      }
      measure(accounts, from: rows.count, into: risks, workers)
    }
  }

  /// How contracts and coins move with one underlying.
  func factorExposures(to underlying: AssetSymbol) -> FactorExposures {
    content.requirements.factorExposures(to: underlying)
  }

  /// What a fill counts for under a protection of quotes.
  func quoteFills(of instrument: InstrumentID, size: Size) -> QuoteFills {
    content.requirements.quoteFills(of: instrument, size: size)
  }

  /// The charges that make up a portfolio's maintenance margin, largest first.
  public func maintenanceCharges(_ portfolio: Portfolio) -> [ChargeLine] {
    let lines = (try? content.requirements.breakdown(of: portfolio))?.lines ?? []
    return lines.filter { $0.maintenance != 0 }.sorted { $0.maintenance > $1.maintenance }
  }

  /// The whole requirement, line by line.
  public func breakdown(
    _ portfolio: Portfolio
  ) throws(MarginError) -> RequirementBreakdown {
    try content.requirements.breakdown(of: portfolio)
  }

  /// The mark of an instrument.
  public func mark(of instrument: InstrumentID) -> InstrumentMark? {
    listing.index(of: instrument).map { marks[$0] }
  }

  /// What an instrument is written on.
  func underlying(of instrument: InstrumentID) -> AssetSymbol? {
    listing.index(of: instrument).map { listing.contracts[$0].underlying }
  }

  /// The mark of an underlying's perpetual.
  public func perpetual(of underlying: AssetSymbol) -> Price? {
    let index = listing.contracts.firstIndex {
      $0.underlying == underlying && $0.kind == .perpetual && $0.settlement == .linear
    }
    return index.map { marks[$0].price }
  }
}

extension AccountRisk {
  /// An account that can be neither charged nor cleared.
  static let unmeasured = AccountRisk(
    equity: 0, initialMargin: QuoteMoney.limit, maintenanceMargin: 0, liquidationBuffer: 0,
    penaltyRate: .zero)
}

extension RiskScratch {
  /// ``Valuation/risk(_:_:)`` asked of the memory, which may then stay where it is.
  mutating func risk(of portfolio: borrowing Portfolio, _ valuation: Valuation) -> AccountRisk {
    valuation.risk(portfolio, &self)
  }

  func fits(_ valuation: Valuation) -> Bool { valuation.fits(self) }
}

// MARK: Money

extension Valuation {
  /// Ledger units of an asset in millionths of the quote currency.
  public func quote(
    _ units: Int64, asset: Int, rounding: RoundingDirection = .down
  ) -> Int64 {
    quote(units, asset, prices[asset], rounding)
  }

  /// ``quote(_:asset:rounding:)`` of one asset, rounded down, for a row of questions.
  func worth(of asset: Int) -> AssetWorth {
    AssetWorth(
      price: prices[asset].steps,
      unitsPerWhole: listing.collateral[asset].asset.unitsPerWhole)
  }

  /// The same at the asset's price as collateral.
  func quote(_ units: Int64, collateral asset: Int, rounding: RoundingDirection = .down) -> Int64 {
    quote(units, asset, collateralPrices[asset], rounding)
  }

  private func quote(
    _ units: Int64, _ asset: Int, _ price: Price, _ rounding: RoundingDirection
  ) -> Int64 {
    let worth = AssetWorth(
      price: price.steps, unitsPerWhole: listing.collateral[asset].asset.unitsPerWhole)
    return worth(units, rounding: rounding)
  }

  /// Ledger units of the settlement asset of an instrument in millionths of the quote currency,
  /// rounded down.
  public func quote(_ units: Int64, of instrument: InstrumentID) -> Int64 {
    guard let index = listing.index(of: instrument),
      let asset = listing.index(of: listing.contracts[index].settlementAsset)
    else { return 0 }
    return quote(units, asset: asset)
  }

  /// Millionths of the quote currency in ledger units of an asset; none of one without a price.
  public func units(
    ofQuote value: Int64, asset: Int, rounding: RoundingDirection
  ) -> Int64 {
    units(ofQuote: value, asset, prices[asset], rounding)
  }

  /// The same at the asset's price as collateral.
  func units(
    ofQuote value: Int64, collateral asset: Int, rounding: RoundingDirection
  ) -> Int64 {
    units(ofQuote: value, asset, collateralPrices[asset], rounding)
  }

  private func units(
    ofQuote value: Int64, _ asset: Int, _ price: Price, _ rounding: RoundingDirection
  ) -> Int64 {
    guard price > .zero else { return 0 }
    let whole = Int128(listing.collateral[asset].asset.unitsPerWhole) * 100
    let units = (Int128(value) * whole).divided(by: Int128(price.steps), rounding: rounding)
    return Int64(clamping: units)
  }

  /// The size of a position in money: quantity × index for options, value at the mark for
  /// everything else; millionths of the quote currency, positive.
  public func notional(_ size: Size, of instrument: InstrumentID) -> Int64 {
    guard let index = listing.index(of: instrument) else { return 0 }
    let contract = listing.contracts[index]
    guard contract.isOption else {
      return quote(abs(size.steps * marks[index].unitValue), of: instrument)
    }
    let quantity = Int128(size.steps.magnitude) * Int128(contract.stepQuantity)
    let (product, overflows) =
      quantity.multipliedReportingOverflow(by: Int128(indices[index].steps))
    return overflows ? .max : Int64(clamping: product / 10_000_000_000)
  }

  /// What of the positive unrealized profits is left in the worst scenario of each, millionths of
  /// the quote currency.
  func stressedGains(_ portfolio: Portfolio) -> Int64 {
    var gains: Int64 = 0
    for position in portfolio.positions {
      guard let index = listing.index(of: position.instrument) else { continue }
      let profit = position.unrealizedProfit(unitValue: marks[index].unitValue)
      let gain = min(max(quote(profit, of: position.instrument), 0), QuoteMoney.limit)
      let loss = content.requirements.worstLoss(of: position)
      gains = min(gains + max(gain - loss, 0), QuoteMoney.limit)
    }
    return gains
  }

  /// Σ of positive unrealized profits, millionths of the quote currency, at most the limit of
  /// requirements.
  public func unrealizedGains(_ portfolio: Portfolio) -> Int64 {
    var gains: Int64 = 0
    for position in portfolio.positions {
      guard let index = listing.index(of: position.instrument) else { continue }
      let profit = position.unrealizedProfit(unitValue: marks[index].unitValue)
      let gain = max(quote(profit, of: position.instrument), 0)
      gains = min(gains + min(gain, QuoteMoney.limit), QuoteMoney.limit)
    }
    return gains
  }
}

/// Ledger units of one asset in millionths of the quote currency, at one price.
struct AssetWorth {
  private let price: Int64
  /// Of the price that makes a unit a millionth.
  private let whole: Int64

  init(price: Int64, unitsPerWhole: Int64) {
    self.price = price
    whole = unitsPerWhole * 100
  }

  @inline(__always)
  func callAsFunction(_ units: Int64, rounding: RoundingDirection = .down) -> Int64 {
    // The quote currency, at one: most conversions, and none of them needs a division.
    if price == whole { return units }
    let value = (Int128(units) * Int128(price)).divided(by: Int128(whole), rounding: rounding)
    return Int64(clamping: value)
  }
}
