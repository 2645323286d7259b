// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

extension ReportPage {
  /// The largest liquidations of each run, each explained.
  var largest: Markup {
    zip(runs.names, runs.results).map { name, result -> Markup in
      let title: Markup = runs.isComparison ? "<h3>\(name)</h3>\n" : ""
      guard !result.largest.isEmpty else {
        return title + "<p>No account was liquidated.</p>\n"
      }
      let drawn = result.largest.prefix(result.drawnLargest)
      return title + choice(drawn.count, of: result.totals.liquidations) + stories(drawn)
    }.joined()
  }

  /// How many are drawn, and how others are.
  private func choice(_ drawn: Int, of all: Int) -> Markup {
    let (shown, count) = (NumberText.grouped(Int64(drawn)), NumberText.grouped(Int64(all)))
    let which: Markup =
      switch drawn {
      case 0: "None of \(count) is drawn."
      case all...: "All of them, by what was closed and deleveraged."
      default: "The first \(shown) of \(count), by what was closed and deleveraged."
      }
    return """
      <p class="facts-line">\(which) \
      <code>plimsoll replay --timelines COUNT</code> draws that many of the largest, \
      <code>--timeline ACCOUNT</code> every one of an account.</p>

      """
  }

  private func stories(
    _ stories: some Collection<LiquidationStory>, isWhole: Bool = false
  ) -> Markup {
    guard !stories.isEmpty else { return "" }
    let drawn = stories.enumerated().map { story($1, rank: $0 + 1, isWhole: isWhole) }
    return "<div class=\"stories\">\n\(drawn.joined())</div>\n"
  }

  /// - Parameter isWhole: Whether all of its steps that are kept are in the table.
  private func story(_ story: LiquidationStory, rank: Int, isWhole: Bool) -> Markup {
    """
    <details class="story"\(rank == 1 ? " open" : "" as Markup)>
    <summary><span class="rank">\(rank)</span> <b>\(story.account)</b> \
    <span class="facts">\("\(story.mode)") margin · \(amount(story.closedAndDeleveraged)) · \
    \(story.cause.time.readable) · \(story.stage.title)</span></summary>
    <p>\(beginning(story)) \(ending(story))</p>
    <div class="pair">\(charges(story))\(payers(story))</div>
    \(StepDrawing(story: story, money: runs.money).markup)\(stageTable(story))\
    \(timeline(story, isWhole: isWhole))</details>

    """
  }

  private func beginning(_ story: LiquidationStory) -> Markup {
    let cause = story.cause
    let (shortfall, overflows) =
      cause.maintenanceMargin.subtractingReportingOverflow(cause.equity)
    return """
      At \(cause.time.readable) UTC its equity, \(amount(cause.equity)), was below its \
      maintenance margin, \(amount(cause.maintenanceMargin)): a margin ratio of \
      \(NumberText.ratio(cause.equity, cause.maintenanceMargin)) and a shortfall of \
      \(amount(overflows ? .max : shortfall)).\(notice(story))
      """
  }

  /// Since when it had been called; nothing for an account that was not, or not before that block.
  private func notice(_ story: LiquidationStory) -> Markup {
    guard let called = story.calledAt, called < story.cause.time else { return "" }
    return " It had been called for \((story.cause.time - called).readable)."
  }

  private func ending(_ story: LiquidationStory) -> Markup {
    guard let end = story.endedAt, let outcome = story.outcome else {
      return "It had not ended when the replay did; the furthest stage was \(story.stage.title)."
    }
    let length = (end - story.cause.time).readable
    let how: Markup =
      switch outcome {
      case .restored: "with its equity back above maintenance margin and buffer"
      case .closed: "with no position and no debt left"
      }
    return """
      It ended \(length) later, \(how); the furthest stage was \(story.stage.title).
      """
  }

  private func charges(_ story: LiquidationStory) -> Markup {
    let maintenance = story.cause.maintenanceMargin
    var table = HTMLTable(
      "Why so much margin: the charges", [.text("Charge"), .number("Amount"), .number("Share")])
    for charge in story.charges {
      table.append([
        "\(charge.label)", "\(runs.money.exact(charge.amount))",
        share(charge.amount, of: maintenance),
      ])
    }
    let sum = story.charges.reduce(Int128(0)) { $0 + Int128($1.amount) }
    let total = Int64(clamping: sum)
    // The engine's breakdown adds up to the unit; a page that hid it if it did not would lie.
    let label: Markup =
      total == maintenance
      ? "Maintenance margin" : "Sum (maintenance margin is \(runs.money.exact(maintenance)))"
    table.footer = [label, "\(runs.money.exact(total))", share(total, of: maintenance)]
    return table.markup
  }

  private func share(_ part: Int64, of whole: Int64) -> Markup {
    guard whole != 0 else { return "–" }
    let share = (Int128(part) * 1_000_000_000).divided(by: Int128(whole), rounding: .halfEven)
    return "\(NumberText.percentage(billionths: Int64(clamping: share), shown: 1))"
  }

  /// Who gave what so that the account could be closed.
  private func payers(_ story: LiquidationStory) -> Markup {
    var table = HTMLTable("What happened and who paid", [.text("Part"), .number("Amount")])
    let parts: [(Markup, Int64)] = [
      ("Positions closed in the book, in auctions or by pools", story.closedValue),
      ("Positions closed against deleveraged accounts", story.deleveragedValue),
      ("The account itself: penalty to the fund", story.penalty),
      ("The insurance fund: losses beyond the account’s equity", story.fundPaid),
      ("Winners of the market: socialized loss", story.socialized),
    ]
    for (name, amount) in parts {
      table.append([name, amount == 0 ? .none : "\(runs.money.exact(amount))"])
    }
    return table.markup
  }
}

// MARK: Accounts that were asked for

extension ReportPage {
  var asksForAccounts: Bool { runs.results.contains { !$0.asked.isEmpty } }

  /// Every liquidation of each account that was asked for; nothing where none was.
  var askedSection: Markup {
    guard asksForAccounts else { return "" }
    let content = zip(runs.names, runs.results).map { name, result -> Markup in
      result.asked.map { asked($0, in: runs.isComparison ? ": \(name)" : "") }.joined()
    }.joined()
    return PageFrame.section("asked", "Liquidations of accounts asked for", content)
  }

  private func asked(_ asked: AskedAccount, in run: Markup) -> Markup {
    let title: Markup = "<h3>\(asked.account.description.capitalizedFirst)\(run)</h3>\n"
    let note: Markup = asked.note.map { "<p>\($0.capitalizedFirst).</p>\n" } ?? ""
    return title + note + stories(asked.liquidations, isWhole: true)
  }
}

extension AskedAccount {
  /// Why there is nothing to draw; `nil` where there is.
  var note: String? {
    guard liquidations.isEmpty else { return nil }
    return isThere ? "\(account) was never liquidated" : "this replay has no \(account)"
  }
}

// MARK: Timeline

extension ReportPage {
  /// The most steps at the beginning and at the end of a timeline.
  private static let shownSteps = (first: 20, last: 10)

  private func timeline(_ story: LiquidationStory, isWhole: Bool) -> Markup {
    let (first, last) = Self.shownSteps
    var table = HTMLTable(
      "What happened when, what it cost and who paid",
      [
        .short("Time (UTC)"), .short("Stage"), .text("Step"), .number("Size"), .number("Price"),
        .number("Cost"), .text("Paid by"),
      ])
    let hidden = isWhole ? 0 : max(story.steps.count - first - last, 0)
    let head = hidden > 0 ? story.steps.prefix(first) : story.steps[...]
    for step in head { table.append(row(step)) }
    if hidden > 0 {
      table.append(gap("\(NumberText.grouped(Int64(hidden))) steps are not shown"))
      for step in story.steps.suffix(last) { table.append(row(step)) }
    }
    if story.laterSteps > 0 {
      let count = NumberText.grouped(Int64(story.laterSteps))
      table.append(gap("\(count) more steps were counted and not kept"))
    }
    return table.markup
  }

  private func gap(_ text: Markup) -> [Markup] { ["…", "", text, "", "", "", ""] }

  private func row(_ step: LiquidationStory.Step) -> [Markup] {
    [
      "\(step.time.dayText) \(step.time.clockText)", "\(step.stage.title)", "\(step.text)",
      step.size.map { "\(NumberText.grouped(quantity: $0))" } ?? .none,
      step.price.map { "\($0.readable)" } ?? .none,
      step.cost.map { amount($0) } ?? .none, step.payer.map { "\($0)" } ?? .none,
    ]
  }
}

extension LiquidationStory {
  /// By what the largest are chosen.
  var closedAndDeleveraged: Int64 { closedValue + deleveragedValue }
}
