// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import MarketData
public import Parameters
import Quantities

/// The requirement of every account at one market.
///
/// ``advance(to:)`` makes marks, scenario table and charges of a block; after that
/// ``risk(of:scratch:)`` is a pure function of a portfolio. Values are copied freely; threads
/// share an engine and bring a scratch each.
public struct RequirementEngine: Sendable {
  public let layout: ListingLayout
  private let fixed: Fixed
  /// Marks, forwards and volatilities of the block.
  public private(set) var marked: MarkedListing
  public private(set) var table: ScenarioTable
  /// The scenarios of each underlying, by underlying slot.
  public let grids: [ScenarioGrid]
  var charges: [ContractCharges]
  var tiers: [Tier]
  /// By collateral asset.
  var valuations: [AssetValuation]
  /// By underlying slot.
  let tierTables: [TierTable]
  /// Billionths, by collateral asset.
  let haircuts: [Int64]
  let netting: NettingTable
  var sizes: SizeTable
  var collateral: CollateralTable
  var bases: BasisTable
  /// By underlying slot.
  var netTiers: [NetTiers]
  /// A_min per base unit: index × rate in 10^−17 of the quote currency, by underlying slot.
  var minimumCharges: [Int128]
  let hasScenarios: Bool
  /// Whether any charge depends on an account's net deltas.
  let hasDeltaTerms: Bool
  /// Whether any charge or tier depends on volumes, or on what is known of volatilities.
  let usesLiquidity: Bool

  /// What no block changes.
  ///
  /// Shared: it is large, and an engine is handed on with every question.
  private final class Fixed: Sendable {
    let parameters: MarginParameters
    let surface: SurfaceParameters
    let givenVolatilities: [Double?]
    let model: MarkModel

    init(
      _ layout: ListingLayout, _ parameters: MarginParameters, _ surface: SurfaceParameters,
      _ givenVolatilities: [Double?]
    ) throws(MarginError) {
      self.parameters = parameters
      self.surface = surface
      self.givenVolatilities = givenVolatilities
      model = try MarkModel(
        layout, surface, twists: parameters.scan.twists, givenVolatilities: givenVolatilities)
    }
  }

  public var parameters: MarginParameters { fixed.parameters }
  var surface: SurfaceParameters { fixed.surface }
  var givenVolatilities: [Double?] { fixed.givenVolatilities }
  var model: MarkModel { fixed.model }

  /// - Parameters:
  ///   - grids: By underlying, in the layout's order; `nil` makes them from the parameters.
  ///   - givenVolatilities: Of quoted options, by dense index; empty takes the surface.
  ///   - hasScenarios: `false` leaves the scenario table out, for venues and searches without
  ///     portfolio accounts; of such an account it requires the limit of all requirements.
  /// - Throws: ``MarginError``.
  public init(
    listing: Listing, margin: MarginParameters, surface: SurfaceParameters,
    grids: [ScenarioGrid]? = nil, givenVolatilities: [Double?] = [], hasScenarios: Bool = true
  ) throws(MarginError) {
    layout = try ListingLayout(listing)
    fixed = try Fixed(layout, margin, surface, givenVolatilities)
    marked = MarkedListing(layout)
    var made: [ScenarioGrid] = []
    if let grids {
      made = grids
    } else {
      for underlying in layout.underlyings {
        made.append(try ScenarioGrid(margin.scan, underlying: underlying))
      }
    }
    self.grids = made
    table = ScenarioTable(layout, grids: made)
    netting = NettingTable(layout, grids: made, margin.terms)
    sizes = SizeTable(layout, margin)
    bases = BasisTable(layout, margin.terms)
    collateral = CollateralTable(layout, margin)
    valuations = Array(repeating: .none, count: listing.collateral.count)
    haircuts = listing.collateral.map { margin.haircuts[$0.asset.symbol].billionths }
    minimumCharges = Array(repeating: 0, count: layout.underlyings.count)
    charges = []
    tiers = []
    tierTables = layout.underlyings.map { margin.tiers[$0] }
    netTiers = tierTables.map(NetTiers.init)
    for (contract, place) in zip(listing.contracts, layout.places) {
      let schedule = tierTables[place.underlying]
      charges.append(ContractCharges(contract, place, tierStart: tiers.count, schedule))
      tiers += Array(repeating: .none, count: schedule.rows.count)
    }
    self.hasScenarios = hasScenarios
    hasDeltaTerms = sizes.isActive || bases.isActive || margin.terms.tierShare > .zero
    usesLiquidity =
      sizes.isActive
      || layout.underlyings.contains {
        margin.terms.tierVolumes[$0] > .zero || margin.terms.marks[$0].factor > .zero
      }
  }

  /// Marks the listing and revalues all scenarios: one block.
  ///
  /// - Throws: ``MarginError`` when a mark or a scenario leaves its field; the engine then has
  ///   no market, and every account with a position is refused until the next one.
  public mutating func advance(to snapshot: MarketSnapshot) throws(MarginError) {
    do {
      try model.mark(&marked, at: snapshot)
      if hasScenarios { try table.rebuild(layout, marked) }
      for asset in valuations.indices { revalue(asset) }
      for slot in layout.underlyings.indices {
        remeasureMinimum(slot)
        if hasDeltaTerms || usesLiquidity { remeasureTerms(slot) }
      }
      if bases.isActive { bases.rebuild(layout, marked) }
      for index in charges.indices { try recharge(index) }
    } catch {
      for index in charges.indices { charges[index].isPriced = false }
      throw error
    }
  }

  /// An engine that knows only the contracts of one account, without a market yet.
  ///
  /// It answers for that account as this one does, and takes new markets in microseconds.
  func restricted(to portfolio: Portfolio) throws(MarginError) -> RequirementEngine {
    var listing = Listing(quote: layout.listing.quote)
    for asset in layout.listing.collateral.dropFirst() { listing.accept(asset) }
    var volatilities: [Double?] = []
    for position in portfolio.positions {
      guard let index = layout.index(of: position.instrument) else {
        throw .unlisted(position.instrument)
      }
      guard listing.index(of: position.instrument) == nil else { continue }
      listing.list(layout.listing.contracts[index])
      volatilities.append(index < givenVolatilities.count ? givenVolatilities[index] : nil)
    }
    let kept = try ListingLayout(listing).underlyings
    let grids = zip(layout.underlyings, grids).filter { kept.contains($0.0) }.map(\.1)
    return try RequirementEngine(
      listing: listing, margin: parameters, surface: surface, grids: grids,
      givenVolatilities: volatilities, hasScenarios: portfolio.mode == .portfolio)
  }

  /// The marks of the block, by dense index of the listing.
  public var marks: [InstrumentMark] { marked.marks }

  /// Working memory for one thread.
  public func makeScratch() -> RiskScratch { RiskScratch(self) }

  private mutating func remeasureMinimum(_ slot: Int) {
    let index = marked.markets[slot]?.index ?? .zero
    minimumCharges[slot] =
      Int128(index.steps) * Int128(parameters.shortOptionMinimum.billionths)
  }
}
