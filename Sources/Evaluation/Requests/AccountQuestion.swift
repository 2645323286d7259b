// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Parameters
import Quantities

/// A portfolio in front of the requirement engine, at the market of the request.
struct AccountQuestion {
  let draft: AccountDraft
  let engine: RequirementEngine
  let portfolio: Portfolio
  private let place: String

  /// Reads the fields that all questions about a portfolio share.
  init(
    _ request: inout RequestObject, _ shelf: inout ParameterShelf
  ) throws(EvaluationRefusal) {
    let draft = try AccountDraft(&request)
    var chosen = try request.object("parameters")
    let parameters = try shelf.parameters(for: try ParameterChoice(&chosen))
    let grids = try GridDraft.read(&request)
    let listing = try draft.listing()
    try draft.refuseUnpriced(listing)
    place = request.path
    self.draft = draft
    do throws(MarginError) {
      let underlyings = try ListingLayout(listing).underlyings
      var engine = try RequirementEngine(
        listing: listing, margin: parameters.margin, surface: parameters.surface,
        grids: try GridDraft.grids(of: underlyings, stated: grids, parameters.margin.scan),
        givenVolatilities: draft.instruments.map(\.volatility),
        hasScenarios: draft.mode == .portfolio)
      try engine.advance(to: draft.market)
      self.engine = engine
    } catch { throw EvaluationRefusal(error) }
    portfolio = try draft.portfolio(listing, engine.marks)
  }

  /// The name a request gave an instrument.
  func name(of instrument: InstrumentID) -> String {
    draft.instruments[Int(instrument.number)].name
  }
}

extension AccountDraft {
  /// The contracts in the order of the request, with the quote currency and every coin.
  func listing() throws(EvaluationRefusal) -> Listing {
    var listing = Listing(quote: quote)
    for (index, instrument) in instruments.enumerated() {
      guard let market = market[instrument.underlying] else {
        throw EvaluationRefusal(
          .unpriced, "\(instrument.underlying) is not among `market.underlyings`",
          field: instrument.path + ".underlying")
      }
      if case .option = instrument.kind, instrument.volatility == nil,
        !leveled.contains(instrument.underlying)
      {
        throw EvaluationRefusal(
          .missingField, "missing, and \(instrument.underlying) has no `volatility` either",
          field: instrument.path + ".volatility")
      }
      let sizes =
        holdings.filter { $0.instrument == index }.map(\.size)
        + orders.filter { $0.instrument == index }.map(\.size)
      listing.list(
        try instrument.contract(
          id: InstrumentID(UInt32(index)), quote: quote, sizes: sizes, reference: market.index))
    }
    let settled = listing.contracts.map(\.settlementAsset)
    for asset in collateral.map(\.asset) + settled where listing.index(of: asset) == nil {
      listing.accept(CollateralAsset(asset: asset, underlying: asset.symbol))
    }
    return listing
  }

  /// Collateral needs an index of its own, unless it is the quote currency.
  func refuseUnpriced(_ listing: Listing) throws(EvaluationRefusal) {
    for (index, holding) in collateral.enumerated()
    where holding.asset != quote && market[holding.asset.symbol] == nil {
      throw EvaluationRefusal(
        .unpriced, "\(holding.asset) is not among `market.underlyings`",
        field: "collateral[\(index)].asset")
    }
  }

  func portfolio(
    _ listing: Listing, _ marks: [InstrumentMark]
  ) throws(EvaluationRefusal) -> Portfolio {
    var balances = [Int64](repeating: 0, count: listing.collateral.count)
    for (asset, units) in collateral {
      if let index = listing.index(of: asset) { balances[index] = units }
    }
    var positions: [Position] = []
    for holding in holdings {
      let contract = listing.contracts[holding.instrument]
      let size = try instruments[holding.instrument].steps(
        holding.size, of: contract, at: holding.path + ".size")
      var entry = marks[holding.instrument].unitValue
      if let price = holding.entry {
        do { entry = try contract.unitValue(at: price) } catch {
          throw EvaluationRefusal(
            .outOfBounds, "a step is worth too much at \(price); state a finer `step`",
            field: holding.path + ".entry")
        }
      }
      positions.append(
        Position(instrument: contract.id, size: size, cost: size.steps * entry))
    }
    var orders: [RestingOrder] = []
    for (number, order) in self.orders.enumerated() {
      let contract = listing.contracts[order.instrument]
      let size = try instruments[order.instrument].steps(
        order.size, of: contract, at: order.path + ".size")
      orders.append(
        RestingOrder(
          id: OrderID(UInt64(number)), instrument: contract.id, side: order.side,
          remaining: size, limit: order.limit, isReduceOnly: order.isReduceOnly,
          isQuote: order.isQuote))
    }
    return Portfolio(
      mode: mode, balances: balances,
      positions: positions.sorted { $0.instrument < $1.instrument }, orders: orders,
      protections: protections.sorted { $0.underlying < $1.underlying })
  }
}

extension EvaluationRefusal {
  init(_ error: MarginError) {
    let code: Code =
      switch error {
      case .unpriced, .unlisted: .unpriced
      case .malformedScenario, .tooManyScenarios, .malformedVolatility, .malformedBalances,
        .malformedOrder:
        .inconsistent
      case .markOutOfRange, .cellOutOfRange, .collateralOutOfRange, .positionOutOfRange:
        .outOfRange
      }
    self.init(code, error.description)
  }
}
