// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Instruments
public import Ledger
public import MarketData
public import Parameters
public import Quantities

/// The order book of a replay: outside the engine, it answers each liquidation order once.
///
/// Decisions, with their reasons:
/// - The price of a fill is the mark made worse by `ImpactCurve`: half the spread plus the
///   square-root law over what this and earlier orders took. It is the one law of impact that is
///   measured over four decades of size, and it is what the engine's sizing expects.
/// - What was taken comes back by half every `recoveryHalfLife`, each side by itself.
/// - Depth falls in inverse proportion to the index's range over the last minutes, as measured
///   depth does; σ is the market's own volatility, which rises with it.
/// - An order takes every level no worse than its limit and leaves the rest: the largest part
///   the limit permits, perhaps nothing. One average price stands for the levels taken.
/// - Contracts of one underlying share one book, for quoters hedges one in another. An option
///   takes its notional × |delta| from it, at least `leastDelta`, and its premium is worse by the
///   underlying's cost × the same delta: what the hedge costs whoever takes the other side. No
///   option book of the time is recorded that could say more.
/// - A sold option gives up at most `optionDiscount` of its mark, however deep out of the money.
/// - The other side is one of the underlying's makers, each in turn, so that none grows alone.
/// - Where the depth of a book was recorded, the law goes through what it held: the level that far
///   from the mark is reached when that much has been taken.
/// - Nothing is random: the same markets and orders give the same answers.
public struct SimulatedBook: Hashable, Sendable {
  private let parameters: BookParameters
  /// In the order in which the underlyings were first seen.
  private var books: [Entry] = []
  private var listing: Listing?
  private var makers = MakerRoster(desks: [])

  private struct Entry: Hashable, Sendable {
    let underlying: AssetSymbol
    var depth: Depth
    /// Fills so far.
    var turn = 0
  }

  /// - Throws: ``ParameterError`` when a parameter of the book is not stated.
  public init(_ set: ParameterSet) throws(ParameterError) {
    parameters = try BookParameters(set)
  }

  /// Opens the book for a venue's contracts; until then no order is filled.
  public mutating func open(_ listing: Listing, makers: MakerRoster) {
    self.listing = listing
    self.makers = makers
  }

  /// Takes in the market of a block, before the block's orders.
  ///
  /// - Parameter recorded: What books held, where it was recorded.
  public mutating func observe(_ snapshot: MarketSnapshot, recorded: [DepthSeries] = []) {
    for market in snapshot.underlyings {
      let found = books.firstIndex { $0.underlying == market.underlying }
      if found == nil {
        let depth = Depth(parameters[market.underlying])
        books.append(Entry(underlying: market.underlying, depth: depth))
      }
      let point = recorded.first { $0.base == market.underlying }?.point(at: snapshot.time)
      books[found ?? books.count - 1].depth.observe(
        market, at: snapshot.time, recorded: point.map { $0.worth(at: market.index) })
    }
  }

  /// The share of the ordinary depth that an underlying's book has now.
  public func depthShare(of underlying: AssetSymbol) -> Double? {
    books.first { $0.underlying == underlying }?.depth.share
  }

  /// The book of an underlying as it is now.
  func depth(of underlying: AssetSymbol) -> Depth? {
    books.first { $0.underlying == underlying }?.depth
  }

  /// The accounts that quote an underlying.
  func makers(of underlying: AssetSymbol) -> [AccountID] { makers[underlying] }

  /// The spread of options, as a share of the underlying per unit of delta.
  func optionSpread(of underlying: AssetSymbol) -> Double {
    parameters[underlying].optionSpread.value
  }

  /// Takes from the book what somebody trades in it besides the engine's orders, quote units.
  mutating func take(_ notional: Double, from underlying: AssetSymbol, by side: Side) {
    guard let index = books.firstIndex(where: { $0.underlying == underlying }) else { return }
    books[index].depth.take(notional, by: side)
  }

  /// The report that answers an order; without fills when its limit permits none.
  ///
  /// - Parameters:
  ///   - mark: Of the order's instrument, from the block that issued the order.
  ///   - excluded: Makers who may not take it.
  public mutating func answer(
    _ order: LiquidationOrder, mark: Price, excluding excluded: [AccountID] = []
  ) -> ExecutionReport {
    let fill = fill(order, mark: mark, excluding: excluded)
    return ExecutionReport(order: order.id, fills: fill.map { [$0] } ?? [])
  }

  private mutating func fill(
    _ order: LiquidationOrder, mark: Price, excluding excluded: [AccountID]
  ) -> ExecutionReport.Fill? {
    guard order.size > .zero, let listing, let instrument = listing.index(of: order.instrument)
    else { return nil }
    let contract = listing.contracts[instrument]
    let others = makers[contract.underlying].filter {
      $0 != order.account && !excluded.contains($0)
    }
    guard let index = books.firstIndex(where: { $0.underlying == contract.underlying }),
      !others.isEmpty, let quote = Quote(contract, mark: mark, depth: books[index].depth),
      let taken = quote.take(order.size, side: order.side, limit: order.limit)
    else { return nil }
    let maker = others[books[index].turn % others.count]
    books[index].depth.take(taken.notional, by: order.side)
    books[index].turn += 1
    return ExecutionReport.Fill(counterparty: maker, size: taken.size, price: taken.price)
  }
}

extension DepthSeries.Point {
  /// The same in quote units at an index.
  fileprivate func worth(at index: Price) -> RecordedDepth {
    let perUnit = index.value / Double(Price.stepsPerOne)
    return RecordedDepth(
      distance: distance.value, bids: Double(bids) * perUnit, asks: Double(asks) * perUnit)
  }
}
