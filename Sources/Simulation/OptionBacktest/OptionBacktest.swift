// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Margin
import Quantities
import Synchronization

/// Random option books on recorded chains against the requirements of margin models.
///
/// For every pair of consecutive chains it draws books on the first, asks each model what it
/// requires of them, and compares that with what they lose until the second.
public struct OptionBacktest: Sendable {
  public var rules: [OptionMarginRule]
  /// Books on each pair.
  public var books: Int
  public var seed: UInt64
  public var threads: Int

  public static let bookLimits = 1...1_000_000
  /// Books of each pair that are kept for the picture.
  static let shownBooks = 6

  public init(rules: [OptionMarginRule], books: Int = 1_000, seed: UInt64 = 1, threads: Int = 1) {
    self.rules = rules
    self.books = books
    self.seed = seed
    self.threads = threads
  }

  /// - Parameter progress: Pairs that are done, of how many.
  /// - Throws: ``OptionBacktestError``. The same input gives the same bits for any number of
  ///   threads.
  public func run(
    _ pairs: OptionPairs, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(OptionBacktestError) -> OptionBacktestResult {
    try check()
    var models: [[MarginModel]] = []
    for rule in rules { models.append(try rule.models(pairs.pairs)) }
    let count = pairs.pairs.count
    let width = max(threads, 1)
    var outcomes: [PairOutcome] = []
    outcomes.reserveCapacity(count)
    while outcomes.count < count {
      let batch = outcomes.count..<min(outcomes.count + width, count)
      for result in run(batch, of: pairs.pairs, models) { outcomes.append(try result.get()) }
      progress(outcomes.count, count)
    }
    return OptionBacktestResult(
      models: rules.map(\.name), books: books, seed: seed, unpaired: pairs.unpaired,
      outcomes: outcomes)
  }

  private func check() throws(OptionBacktestError) {
    guard !rules.isEmpty else { throw .withoutModels }
    for (place, rule) in rules.enumerated() {
      let isKnown = rules[..<place].contains { $0.name == rule.name }
      guard !isKnown else { throw .repeatedModel(rule.name) }
    }
    guard Self.bookLimits.contains(books) else {
      throw .setting(
        "the number of books", lowest: "\(Self.bookLimits.lowerBound)",
        highest: "\(Self.bookLimits.upperBound)")
    }
  }

  /// Pairs of a batch, one thread each, in their order.
  private func run(
    _ batch: Range<Int>, of pairs: [OptionPair], _ models: [[MarginModel]]
  ) -> [Result<PairOutcome, OptionBacktestError>] {
    let parts = Mutex(
      [Result<PairOutcome, OptionBacktestError>?](repeating: nil, count: batch.count))
    DispatchQueue.concurrentPerform(iterations: batch.count) { index in
      let place = batch.lowerBound + index
      let result = Result { () throws(OptionBacktestError) in
        try outcome(of: pairs[place], models.map { $0[place] })
      }
      parts.withLock { $0[index] = result }
    }
    return parts.withLock { $0.compactMap(\.self) }
  }

  private func outcome(
    of pair: OptionPair, _ models: [MarginModel]
  ) throws(OptionBacktestError) -> PairOutcome {
    var drawn = OptionBooks(pair.first, seed: seed)
    var surfaces = [MarketSurface?](repeating: nil, count: pair.first.count)
    var outcome = PairOutcome(pair, models: models.count)
    for number in 0..<books {
      let point = try point(of: drawn.next(), over: pair, models, &surfaces)
      outcome.add(point, isShown: number < Self.shownBooks)
    }
    return outcome
  }

  /// What stated books lose over a pair, and what each model requires of them with nothing known
  /// from pairs before.
  ///
  /// - Throws: ``OptionBacktestError``.
  public func points(
    of books: [OptionBook], over pair: OptionPair
  ) throws(OptionBacktestError) -> [OptionPoint] {
    var models: [MarginModel] = []
    for rule in rules { models += try rule.models([pair]) }
    var surfaces = [MarketSurface?](repeating: nil, count: pair.first.count)
    var points: [OptionPoint] = []
    for book in books { points.append(try point(of: book, over: pair, models, &surfaces)) }
    return points
  }

  private func point(
    of book: OptionBook, over pair: OptionPair, _ models: [MarginModel],
    _ surfaces: inout [MarketSurface?]
  ) throws(OptionBacktestError) -> OptionPoint {
    let loss = try book.loss(over: pair, surfaces: &surfaces)
    let modelBook = book.modelBook(in: pair.first)
    var initial: [Double] = []
    var maintenance: [Double] = []
    for (place, model) in models.enumerated() {
      do throws(ModelError) {
        let requirement = try model.requirement(of: modelBook)
        initial.append(requirement.exactInitial)
        maintenance.append(requirement.exactMaintenance)
      } catch { throw .model(name: rules[place].name, time: pair.from, error) }
    }
    return OptionPoint(
      kind: book.kind, loss: loss, initial: initial, maintenance: maintenance)
  }
}
