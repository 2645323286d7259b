// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
public import Simulation

/// A backtest of option books and where its chains are from, for terminal and page.
public struct OptionBacktestStudy: Sendable {
  public let result: OptionBacktestResult
  /// The files, or what else says where the chains are from.
  public let origin: String

  public init(_ result: OptionBacktestResult, origin: String) {
    self.result = result
    self.origin = origin
  }
}

/// Tables of a study as texts; a dash where there is nothing.
struct OptionBacktestText {
  let study: OptionBacktestStudy

  private var result: OptionBacktestResult { study.result }

  struct Table {
    let title: String
    let columns: [String]
    let rows: [[String]]
  }

  /// Pairs and books in a sentence.
  var scope: String {
    let hours = result.hours
    let books = Int64(result.books * result.outcomes.count)
    return "\(NumberText.grouped(Int64(result.outcomes.count))) pairs of chains, "
      + "\(NumberText.fixed(hours.shortest, decimals: 1)) to "
      + "\(NumberText.fixed(hours.longest, decimals: 1)) h apart (mean "
      + "\(NumberText.fixed(hours.mean, decimals: 1)) h), "
      + "\(NumberText.grouped(Int64(result.books))) books each, "
      + "\(NumberText.grouped(books)) in all, seed \(result.seed)"
  }

  var span: String {
    let last = result.outcomes[result.outcomes.count - 1].to
    return "\(CivilDate.split(result.outcomes[0].from).date) to \(CivilDate.split(last).date)"
  }

  /// Coverage, then requirements, of each model.
  var models: [Table] {
    let tallies = result.models.indices.map { result.tally(model: $0) }
    return [
      Table(
        title: "Coverage",
        columns: [
          "Model", "Initial", "95 % interval", "Effective books", "Maintenance", "Lowest pair",
        ],
        rows: result.models.indices.map { model in
          let interval = result.interval(model: model)
          let worst = result.worstPair(model: model)
          return [
            result.models[model], Self.fine(tallies[model].coverage),
            NumberText.fixed(interval.lower * 100, decimals: 2) + " to "
              + Self.share(interval.upper),
            interval.effectiveBooks.map { NumberText.fixed($0, decimals: 0) } ?? "–",
            Self.fine(tallies[model].maintenanceCoverage), Self.share(worst.coverage),
          ]
        }),
      Table(
        title: "Requirement, and losses beyond it, as shares of the notional",
        columns: [
          "Model", "Initial", "To the first", "Maintenance", "Passed", "Mean beyond",
          "Worst beyond",
        ],
        rows: result.models.indices.map { model in
          let tally = tallies[model]
          let first = tallies[0].meanInitial
          return [
            result.models[model], Self.fine(tally.meanInitial),
            first > 0 ? NumberText.fixed(tally.meanInitial / first, decimals: 3) : "–",
            Self.fine(tally.meanMaintenance), NumberText.grouped(Int64(tally.exceedances)),
            tally.meanBeyond.map(Self.fine) ?? "–",
            tally.meanBeyond == nil ? "–" : Self.fine(tally.worstBeyond / OptionBook.notional),
          ]
        }),
    ]
  }

  /// The same by kind of book.
  var kinds: [Table] {
    [
      kinds("Coverage by initial margin, by kind of book") { Self.share($0.coverage) },
      kinds("Mean initial margin by kind of book") { Self.share($0.meanInitial) },
    ]
  }

  private func kinds(_ title: String, _ cell: (OptionTally) -> String) -> Table {
    Table(
      title: title, columns: ["Kind", "Books"] + result.models,
      rows: OptionBookKind.allCases.map { kind in
        let tallies = result.models.indices.map { result.tally(model: $0, kind) }
        let books = tallies.first?.books ?? 0
        return [kind.rawValue, NumberText.grouped(Int64(books))]
          + tallies.map { books > 0 ? cell($0) : "–" }
      })
  }

  /// The pairs with the largest moves, in the order of time.
  func moves(_ count: Int = 10) -> Table {
    func size(_ place: Int) -> Double {
      result.outcomes[place].moves.map(\.move.magnitude).max() ?? 0
    }
    let places = result.outcomes.indices.sorted { size($0) > size($1) }.prefix(count).sorted()
    return Table(
      title: "Coverage in the pairs with the largest moves of an index",
      columns: ["From (UTC)", "Hours", "Moves"] + result.models,
      rows: places.map { place in
        let outcome = result.outcomes[place]
        let moves = outcome.moves.map {
          "\($0.symbol) \(NumberText.signed(NumberText.percentage($0.move, decimals: 1)))"
        }
        return [
          String("\(outcome.from)".prefix(16)).replacing("T", with: " "),
          NumberText.fixed((outcome.to - outcome.from).days * 24, decimals: 1),
          moves.joined(separator: ", "),
        ] + result.models.indices.map { Self.share(outcome.total(model: $0).coverage) }
      })
  }

  static func share(_ value: Double) -> String { NumberText.percentage(value) }
  static func fine(_ value: Double) -> String { NumberText.percentage(value, decimals: 3) }

  /// What the columns mean, a sentence or two each.
  var notes: [String] {
    [
      "A book is drawn on the first chain of a pair and kept, without trades and fees, to the "
        + "second; its loss is the change of its marks, what expires between being settled at the "
        + "index of the second chain. A requirement is not scaled to the time between the chains.",
      "Every model's equity counts options at their marks, so a requirement is the loss that an "
        + "account just at it can bear; a venue that gives no credit for bought options requires "
        + "their whole value. All contracts settle in the quote currency; cash is the collateral.",
      "Every book has a notional, Σ|quantity| × index, of "
        + "\(NumberText.grouped(Int64(OptionBook.notional))); charges for size play no part. Mean "
        + "of max(loss, 0): \(Self.fine(result.meanLoss)).",
      "Interval: quantiles of 2,000 samples of pairs drawn with replacement; books on one pair "
        + "meet one market. Effective books: as many independent ones would vary as much.",
      "A name with \(OptionMarginRule.suffix) has range and move of volatility made from implied "
        + "volatility at the first chain of the pair and before.",
    ]
  }
}
