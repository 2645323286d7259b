// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities
import Volatility

/// What one holding contributes to an account's requirement.
public struct RequirementShare: Hashable, Sendable {
  /// To what a part of the requirement belongs.
  public enum Origin: Hashable, Sendable {
    case position(InstrumentID)
    /// What is held in a collateral asset: balance − cost of positions settled in it.
    case holding(AssetSymbol)
    /// What no single holding causes: orders, minimums, and whatever is charged on the whole.
    case account
  }
  public let origin: Origin
  /// Millionths of the quote currency; negative for a holding that offsets others.
  public let initial: Int64
  public let maintenance: Int64

  public init(origin: Origin, initial: Int64, maintenance: Int64) {
    self.origin = origin
    self.initial = initial
    self.maintenance = maintenance
  }
}

extension RequirementEngine {
  /// A breakdown's lines by holding instead of by charge.
  ///
  /// The scan of an underlying is shared by what each contract and coin loses in the binding
  /// scenario, so that a hedge has a negative share; charges on net deltas by who makes the delta;
  /// provisions and pegs by position; tier and option charges and haircuts belong to their
  /// instrument or asset. Everything else belongs to the account: netting, minimums, orders. Each
  /// line's maintenance margin follows its initial margin in proportion, rounded down as a running
  /// total, so that the shares add up to both requirements to the unit, as the lines do.
  /// - Returns: Positions in the portfolio's order, then holdings in the listing's, then the
  ///   account; holdings and account only where they have a share.
  public func shares(
    of breakdown: RequirementBreakdown, _ portfolio: Portfolio
  ) -> [RequirementShare] {
    var sums = ShareSums(self, portfolio)
    for line in breakdown.lines {
      var parts: [(place: Int, initial: Int64)] = []
      switch line.kind {
      case .scan(let underlying, let binding):
        parts = scanParts(underlying, binding, breakdown, portfolio, sums)
      case .provision, .peg, .volatilityUncertainty:
        parts = provisionParts(line.kind, portfolio)
      case .tier(let instrument), .option(let instrument):
        parts = [(sums.place(of: instrument), line.initial)]
      case .concentration(let underlying), .gap(let underlying), .uncertainty(let underlying),
        .openInterest(let underlying), .horizon(let underlying):
        parts = sizeParts(line, underlying, portfolio)
      case .basis(let underlying): parts = basisParts(line, underlying, portfolio)
      case .haircut(let asset): parts = [(sums.place(of: asset), line.initial)]
      default: break
      }
      sums.add(line, parts)
    }
    return sums.shares
  }

  private func scanParts(
    _ underlying: AssetSymbol, _ binding: BindingScenario, _ breakdown: RequirementBreakdown,
    _ portfolio: Portfolio, _ sums: ShareSums
  ) -> [(place: Int, initial: Int64)] {
    switch binding {
    case .none: return []
    case .skew(let state): return skewParts(underlying, state, portfolio)
    case .scenario: break
    }
    var parts: [(place: Int, initial: Int64)] = []
    for contribution in breakdown.contributions {
      switch contribution.origin {
      case .position(let instrument):
        guard let index = layout.index(of: instrument),
          layout.listing.contracts[index].underlying == underlying
        else { continue }
        parts.append((sums.place(of: instrument), -contribution.profit))
      case .holding(let asset):
        guard
          layout.listing.collateral.contains(where: {
            $0.asset.symbol == asset && $0.underlying == underlying
          })
        else { continue }
        parts.append((sums.place(of: asset), -contribution.profit))
      }
    }
    return parts
  }

  /// A skew scenario charges |Σ| per expiry: each option by its part of that sum, with its sign.
  private func skewParts(
    _ underlying: AssetSymbol, _ state: SkewState, _ portfolio: Portfolio
  ) -> [(place: Int, initial: Int64)] {
    guard let slot = layout.underlyings.firstIndex(of: underlying),
      let skew = grids[slot].skews.firstIndex(of: state)
    else { return [] }
    var profits: [(place: Int, expiry: Int, profit: Int128)] = []
    var expiries = [Int128](repeating: 0, count: layout.expiries.count)
    for (place, position) in portfolio.positions.enumerated() {
      guard let index = layout.index(of: position.instrument), charges[index].isOption,
        charges[index].underlying == slot
      else { continue }
      let cell = table.skewCell(contract: index, skew: skew)
      let profit = Int128(position.size.steps) * Int128(cell)
      profits.append((place, Int(charges[index].expiry), profit))
      expiries[Int(charges[index].expiry)] += profit
    }
    return profits.map { part in
      let loss = expiries[part.expiry] < 0 ? -part.profit : part.profit
      return (part.place, Int64(clamping: loss))
    }
  }

  /// Provisions round up once; the running total gives each position its part, that of pegs and
  /// of volatilities apart from the rest.
  private func provisionParts(
    _ kind: ChargeKind, _ portfolio: Portfolio
  ) -> [(place: Int, initial: Int64)] {
    var parts: [(place: Int, initial: Int64)] = []
    var sums = ProvisionParts()
    var before: Int64 = 0
    for (place, position) in portfolio.positions.enumerated() {
      guard let index = layout.index(of: position.instrument) else { continue }
      sums.add(charges[index], steps: position.size.steps)
      let ordinary = provisionCharge(sums.ordinary)
      let pegged = provisionCharge(sums.ordinary + sums.peg)
      let charge =
        switch kind {
        case .peg: pegged - ordinary
        case .volatilityUncertainty: provisionCharge(sums.whole) - pegged
        default: ordinary
        }
      parts.append((place, charge - before))
      before = charge
    }
    return parts
  }
}

/// Shares as they grow, line by line.
private struct ShareSums {
  private let positions: [InstrumentID]
  private let assets: [AssetSymbol]
  private var initial: [Int64]
  private var maintenance: [Int64]

  init(_ engine: RequirementEngine, _ portfolio: Portfolio) {
    positions = portfolio.positions.map(\.instrument)
    assets = engine.layout.listing.collateral.map(\.asset.symbol)
    initial = Array(repeating: 0, count: positions.count + assets.count + 1)
    maintenance = initial
  }

  private var accountPlace: Int { positions.count + assets.count }

  func place(of instrument: InstrumentID) -> Int {
    positions.firstIndex(of: instrument) ?? accountPlace
  }

  func place(of asset: AssetSymbol) -> Int {
    assets.firstIndex(of: asset).map { positions.count + $0 } ?? accountPlace
  }

  /// Adds a line whose parts are known as far as they are given; the account takes the rest.
  mutating func add(_ line: ChargeLine, _ parts: [(place: Int, initial: Int64)]) {
    let known = parts.reduce(Int128(0)) { $0 + Int128($1.initial) }
    let rest = (place: accountPlace, initial: Int64(clamping: Int128(line.initial) - known))
    var running: Int128 = 0
    var given: Int64 = 0
    for part in parts + [rest] {
      running += Int128(part.initial)
      let upTo =
        line.initial == 0
        ? 0
        : (running * Int128(line.maintenance)).divided(by: Int128(line.initial), rounding: .down)
      let maintained = Int64(clamping: upTo)
      initial[part.place] += part.initial
      maintenance[part.place] += maintained - given
      given = maintained
    }
    maintenance[accountPlace] += line.maintenance - given
  }

  var shares: [RequirementShare] {
    initial.indices.compactMap { place in
      let origin: RequirementShare.Origin
      if place < positions.count {
        origin = .position(positions[place])
      } else {
        guard initial[place] != 0 || maintenance[place] != 0 else { return nil }
        origin =
          place == accountPlace ? .account : .holding(assets[place - positions.count])
      }
      return RequirementShare(
        origin: origin, initial: initial[place], maintenance: maintenance[place])
    }
  }
}
