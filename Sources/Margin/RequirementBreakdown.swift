// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// What a line of a requirement is for.
public enum ChargeKind: Hashable, Sendable {
  /// The worst scenario of one underlying.
  case scan(AssetSymbol, BindingScenario)
  /// What netting takes off the sum of the scans; at most zero.
  case netting
  /// What A_min adds to the scan.
  case shortOptionMinimum
  /// What the tier charges of the net sizes add to scan and A_min.
  case tierFloor
  /// The price impact of closing a net size.
  case concentration(AssetSymbol)
  /// Jumps through the margin.
  case gap(AssetSymbol)
  /// What is not known of an index.
  case uncertainty(AssetSymbol)
  /// A market with much open interest.
  case openInterest(AssetSymbol)
  /// Prices of expiries that move apart.
  case basis(AssetSymbol)
  /// The tier charge of one future or perpetual.
  case tier(InstrumentID)
  /// The stand-alone charge of one option.
  case option(InstrumentID)
  /// The haircut on one collateral asset.
  case haircut(AssetSymbol)
  /// Close fees and funding.
  case provision
  /// Settlement assets off their peg.
  case peg
  /// Open orders.
  case orders
  /// How far above maintenance margin a liquidation ends: no part of either margin.
  case buffer
  /// A net size whose liquidation takes more than a day.
  case horizon(AssetSymbol)
  /// What is not known of volatilities: longs lower, shorts higher.
  case volatilityUncertainty
}

/// One line of a requirement, millionths of the quote currency.
public struct ChargeLine: Hashable, Sendable {
  public let kind: ChargeKind
  public let initial: Int64
  public let maintenance: Int64

  public init(kind: ChargeKind, initial: Int64, maintenance: Int64) {
    self.kind = kind
    self.initial = initial
    self.maintenance = maintenance
  }
}

/// Why an account's requirement is what it is.
///
/// The lines add up to initial and maintenance margin to the unit (while those stay below the
/// limit of requirements). A portfolio's maintenance margin is a share of the whole, rounded up
/// once; its lines split it by rounding up the running total.
public struct RequirementBreakdown: Hashable, Sendable {
  public let risk: AccountRisk
  public let lines: [ChargeLine]
  /// All scenarios of a portfolio account, by underlying; empty otherwise.
  public let scans: [UnderlyingScan]
  /// What each contract and coin gains in the binding scenario of its underlying.
  ///
  /// Per underlying they add up to −loss. Empty where nothing loses or a skew scenario binds.
  public let contributions: [Contribution]

  /// How far above maintenance margin a liquidation ends, as a line of its own; it is part of
  /// neither margin and not among ``lines``.
  public var bufferLine: ChargeLine {
    ChargeLine(kind: .buffer, initial: 0, maintenance: risk.liquidationBuffer)
  }

  /// A part of the profit in the binding scenario, millionths of the quote currency.
  public struct Contribution: Hashable, Sendable {
    public enum Origin: Hashable, Sendable {
      case position(InstrumentID)
      /// What is held in the asset: balance − cost of positions settled in it.
      case holding(AssetSymbol)
    }
    public let origin: Origin
    public let profit: Int64
  }
}

extension RequirementEngine {
  /// All scenarios of a portfolio, by underlying, whatever its mode; none of an engine without.
  public func scans(of portfolio: Portfolio) throws(MarginError) -> [UnderlyingScan] {
    guard hasScenarios else { return [] }
    let (rows, sizes, held) = try holdings(of: portfolio)
    return ExactScan(self, rows: rows, sizes: sizes, held: held).underlyings
  }

  /// The account's requirement, line by line, computed apart from ``risk(of:scratch:)`` by plain
  /// loops.
  public func breakdown(of portfolio: Portfolio) throws(MarginError) -> RequirementBreakdown {
    let risk = try risk(of: portfolio)
    var lines: [ChargeLine]
    var scans: [UnderlyingScan] = []
    var contributions: [RequirementBreakdown.Contribution] = []
    switch portfolio.mode {
    case .isolated, .cross: lines = standaloneLines(of: portfolio)
    case .portfolio:
      scans = try self.scans(of: portfolio)
      lines = portfolioLines(of: portfolio, scans)
      contributions = try self.contributions(of: portfolio, scans)
    }
    if !portfolio.orders.isEmpty {
      let charge = QuoteMoney.sum(
        try openOrderCharge(of: portfolio),
        wrongWayOfOrders(
          portfolio, haircutAmounts(of: portfolio), dominantExposure(portfolio)))
      lines.append(ChargeLine(kind: .orders, initial: charge, maintenance: 0))
    }
    return RequirementBreakdown(
      risk: risk, lines: lines, scans: scans, contributions: contributions)
  }

  // MARK: Lines

  private func standaloneLines(of portfolio: Portfolio) -> [ChargeLine] {
    var lines: [ChargeLine] = []
    for position in portfolio.positions {
      guard let index = layout.index(of: position.instrument) else { continue }
      let charge = standaloneCharge(index, steps: position.size.steps)
      let kind: ChargeKind =
        charges[index].isOption ? .option(position.instrument) : .tier(position.instrument)
      lines.append(
        ChargeLine(kind: kind, initial: charge.initial, maintenance: charge.maintenance))
    }
    for (symbol, charge) in haircutLines(of: portfolio) {
      lines.append(
        ChargeLine(kind: .haircut(symbol), initial: charge, maintenance: charge))
    }
    guard chargesStandaloneSizes else { return lines }
    return lines + portioned(standaloneSizeLines(of: portfolio))
  }

  private func portfolioLines(
    of portfolio: Portfolio, _ scans: [UnderlyingScan]
  ) -> [ChargeLine] {
    var parts: [(ChargeKind, Int64)] = []
    var sum: Int64 = 0
    for underlying in scans {
      parts.append((.scan(underlying.underlying, underlying.binding), underlying.loss))
      sum = QuoteMoney.sum(sum, underlying.loss)
    }
    let slots = scans.compactMap { layout.underlyings.firstIndex(of: $0.underlying) }
    let scan = ExactScan.netted(scans, slots: slots, netting)
    if scan < sum { parts.append((.netting, scan - sum)) }
    let minimum = minimumCharge(of: portfolio)
    if minimum > scan { parts.append((.shortOptionMinimum, minimum - scan)) }
    let terms = deltaLines(of: portfolio)
    let floored = max(scan, minimum)
    if terms.floor > floored { parts.append((.tierFloor, terms.floor - floored)) }
    parts += terms.lines
    for (symbol, charge) in haircutLines(of: portfolio) {
      parts.append((.haircut(symbol), charge))
    }
    return portioned(parts + provisionLines(of: portfolio))
  }

  /// Lines of which maintenance margin is a share of the whole, split by the running total.
  private func portioned(_ parts: [(ChargeKind, Int64)]) -> [ChargeLine] {
    var total: Int64 = 0
    return parts.map { kind, charge in
      let before = portfolioCharge(total).maintenance
      total = QuoteMoney.sum(total, charge)
      return ChargeLine(
        kind: kind, initial: charge,
        maintenance: portfolioCharge(total).maintenance - before)
    }
  }

  private func provisionLines(of portfolio: Portfolio) -> [(ChargeKind, Int64)] {
    var parts = ProvisionParts()
    for position in portfolio.positions {
      guard let index = layout.index(of: position.instrument) else { continue }
      parts.add(charges[index], steps: position.size.steps)
    }
    let ordinary = provisionCharge(parts.ordinary)
    let pegged = provisionCharge(parts.ordinary + parts.peg)
    let charge = provisionCharge(parts.whole)
    var lines: [(ChargeKind, Int64)] = [(.provision, ordinary)]
    if parts.peg > 0 { lines.append((.peg, pegged - ordinary)) }
    if parts.band > 0 { lines.append((.volatilityUncertainty, charge - pegged)) }
    return lines
  }

  private func haircutLines(of portfolio: Portfolio) -> [(AssetSymbol, Int64)] {
    var lines: [(AssetSymbol, Int64)] = []
    let exposure = dominantExposure(portfolio)
    for (asset, net) in haircutAmounts(of: portfolio).enumerated()
    where net > 0 && isCharged(asset) {
      let charge = haircutCharge(
        asset, net, exposure, isScanned: portfolio.mode == .portfolio)
      guard charge > 0 || collateral.isPlain else { continue }
      lines.append((layout.listing.collateral[asset].asset.symbol, charge))
    }
    return lines
  }

  /// What of holdings the scenarios of a portfolio revalue.
  func scanned(_ held: [Int128], _ portfolio: Portfolio) -> [Int128] {
    guard !collateral.isPlain, portfolio.mode == .portfolio else { return held }
    var held = held
    leaveUncounted(of: &held, haircutAmounts(of: portfolio), dominantExposure(portfolio))
    return held
  }

  private func dominantExposure(_ portfolio: Portfolio) -> DominantExposure {
    var scratch = makeScratch()
    return dominantExposure(portfolio, &scratch)
  }

  /// By asset, what haircuts apply to, ledger units.
  private func haircutAmounts(of portfolio: Portfolio) -> [Int128] {
    valuations.indices.map { asset in
      var net = Int128(portfolio.balances[asset])
      for position in portfolio.positions {
        guard let index = layout.index(of: position.instrument),
          charges[index].settlement == asset
        else { continue }
        let worth = position.size.steps * charges[index].unitValue
        net +=
          Int128(
            portfolio.mode == .portfolio
              ? worth : haircutWorth(index, position.size.steps, worth))
          - Int128(position.cost)
      }
      return net
    }
  }

  private func minimumCharge(of portfolio: Portfolio) -> Int64 {
    var uncovered = [Int128](repeating: 0, count: layout.underlyings.count)
    for (slot, strike) in zip(layout.strikes.indices, layout.strikes) {
      var quantity: Int128 = 0
      for position in portfolio.positions {
        guard let index = layout.index(of: position.instrument),
          charges[index].strike == slot
        else { continue }
        quantity += Int128(position.size.steps) * Int128(charges[index].stepQuantity)
      }
      if quantity < 0 { uncovered[layout.expiries[strike.expiry].underlying] -= quantity }
    }
    return minimumCharge(uncovered)
  }

  // MARK: The binding scenario

  private func contributions(
    of portfolio: Portfolio, _ scans: [UnderlyingScan]
  ) throws(MarginError) -> [RequirementBreakdown.Contribution] {
    let (rows, sizes, held) = try holdings(of: portfolio)
    var contributions: [RequirementBreakdown.Contribution] = []
    for scan in scans {
      guard case .scenario(let lane) = scan.binding,
        let slot = layout.underlyings.firstIndex(of: scan.underlying)
      else { continue }
      for (row, size) in zip(rows, sizes) where charges[row].underlying == slot {
        let profit = ExactScan.profit(self, slot, lane: lane, [row], [size], [])
        contributions.append(
          RequirementBreakdown.Contribution(
            origin: .position(layout.listing.contracts[row].id),
            profit: QuoteMoney.clampedEquity(profit)))
      }
      for asset in held.indices
      where layout.collateralUnderlyings[asset] == slot && held[asset] != 0 {
        let profit = ExactScan.amountProfit(self, asset, lane: lane, held[asset])
        contributions.append(
          RequirementBreakdown.Contribution(
            origin: .holding(layout.listing.collateral[asset].asset.symbol),
            profit: QuoteMoney.clampedEquity(profit)))
      }
    }
    return contributions
  }

  private func holdings(
    of portfolio: Portfolio
  ) throws(MarginError) -> (rows: [Int], sizes: [Int64], held: [Int128]) {
    // Refuses what the requirement refuses.
    _ = try risk(of: portfolio)
    var rows: [Int] = []
    var held = portfolio.balances.map { Int128($0) }
    for position in portfolio.positions {
      guard let index = layout.index(of: position.instrument) else {
        throw .unlisted(position.instrument)
      }
      rows.append(index)
      held[Int(charges[index].settlement)] -= Int128(position.cost)
    }
    return (rows, portfolio.positions.map(\.size.steps), scanned(held, portfolio))
  }
}
