// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What a book lost and what each model required of it, quote units.
public struct OptionPoint: Hashable, Sendable {
  public let kind: OptionBookKind
  public let loss: Double
  /// By model.
  public let initial: [Double]
  public let maintenance: [Double]
}

/// The books of one pair.
public struct PairOutcome: Hashable, Sendable {
  public struct Move: Hashable, Sendable {
    public let symbol: AssetSymbol
    public let move: Double
  }
  public let from: Timestamp
  public let to: Timestamp
  /// By underlying: its symbol and index ÷ index − 1.
  public let moves: [Move]
  /// By model, then by kind in the order of the cases of ``OptionBookKind``.
  public private(set) var tallies: [[OptionTally]]
  /// Σ max(loss, 0), quote units.
  public private(set) var losses = 0.0
  /// The first few books.
  public private(set) var points: [OptionPoint] = []

  init(_ pair: OptionPair, models: Int) {
    from = pair.from
    to = pair.to
    moves = zip(pair.first, pair.second).map {
      Move(symbol: $0.underlying, move: $1.index / $0.index - 1)
    }
    tallies = Array(
      repeating: Array(repeating: OptionTally(), count: OptionBookKind.allCases.count),
      count: models)
  }

  /// - Parameter isShown: Whether the book itself is kept.
  mutating func add(_ point: OptionPoint, isShown: Bool) {
    let place = OptionBookKind.allCases.firstIndex(of: point.kind) ?? 0
    for model in tallies.indices {
      tallies[model][place].add(
        loss: point.loss, initial: point.initial[model], maintenance: point.maintenance[model])
    }
    losses += max(point.loss, 0)
    if isShown { points.append(point) }
  }

  /// All kinds of a model together.
  public func total(model: Int) -> OptionTally {
    var sum = OptionTally()
    for tally in tallies[model] { sum += tally }
    return sum
  }
}

/// A backtest of option books, by pair and by model.
public struct OptionBacktestResult: Hashable, Sendable {
  public let models: [String]
  /// Of each pair.
  public let books: Int
  public let seed: UInt64
  /// Snapshots without a partner.
  public let unpaired: Int
  /// In the order of time; at least one.
  public let outcomes: [PairOutcome]

  /// The pairs that begin in a part of the time; nil without any.
  public func part(_ times: Range<Timestamp>) -> OptionBacktestResult? {
    let kept = outcomes.filter { times.contains($0.from) }
    guard !kept.isEmpty else { return nil }
    return OptionBacktestResult(
      models: models, books: books, seed: seed, unpaired: 0, outcomes: kept)
  }

  /// All pairs of a model, all kinds or one.
  public func tally(model: Int, _ kind: OptionBookKind? = nil) -> OptionTally {
    var sum = OptionTally()
    for outcome in outcomes {
      guard let kind else {
        sum += outcome.total(model: model)
        continue
      }
      sum += outcome.tallies[model][OptionBookKind.allCases.firstIndex(of: kind) ?? 0]
    }
    return sum
  }

  /// The lowest coverage of a pair, with its place.
  public func worstPair(model: Int) -> (place: Int, coverage: Double) {
    var worst = (place: 0, coverage: 1.0)
    for (place, outcome) in outcomes.enumerated() {
      let coverage = outcome.total(model: model).coverage
      if coverage < worst.coverage { worst = (place, coverage) }
    }
    return worst
  }

  /// Bounds of the coverage of a model.
  public func interval(model: Int) -> CoverageInterval {
    CoverageBootstrap.interval(outcomes.map { $0.total(model: model) }, seed: seed)
  }

  /// Mean of max(loss, 0) as a share of the notional.
  public var meanLoss: Double {
    let books = outcomes.reduce(0) { $0 + $1.total(model: 0).books }
    return outcomes.reduce(0) { $0 + $1.losses } / (Double(books) * OptionBook.notional)
  }

  /// Shortest, mean and longest time between the chains of a pair, in hours.
  public var hours: (shortest: Double, mean: Double, longest: Double) {
    let hours = outcomes.map { ($0.to - $0.from).days * 24 }
    return (
      hours.min() ?? 0, hours.reduce(0, +) / Double(max(hours.count, 1)), hours.max() ?? 0
    )
  }
}
