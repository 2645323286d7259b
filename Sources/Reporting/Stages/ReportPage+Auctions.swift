// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

extension ReportPage {
  /// How many auctions are drawn for each run, how many rows stand open, and how many bids one
  /// table lists.
  private static let shown = (drawings: 4, rows: 12, bids: 40)

  /// Auctions with their price paths and bids; of each run that held any.
  var auctions: Markup {
    zip(runs.names, runs.results).enumerated().map { position, pair -> Markup in
      let (name, result) = pair
      let title: Markup = runs.isComparison ? "<h3>\(name)</h3>\n" : ""
      guard !result.auctions.isEmpty else {
        return title + "<p>No portfolio was auctioned.</p>\n"
      }
      let drawn = result.auctions.prefix(Self.shown.drawings).enumerated()
      let figures = drawn.map { figure($1, id: "auction-\(position)-\($0)") }
      return title
        + """
        <p>A bidder takes a part of every position at the marks and receives money for it: a \
        discount out of the account, or, once that is worth nothing, a reward out of the \
        insurance fund. Prices are the mark less what a bidder receives, as a share of the mark, \
        for all positions together.</p>
        <div class="figures">
        \(figures.joined())</div>
        \(auctionTable(result))
        """
    }.joined()
  }

  private func figure(_ story: AuctionStory, id: String) -> Markup {
    let rounds = story.restarts == 0 ? "" : ", \(story.restarts + 1) rounds"
    let bids = story.bids.count == 1 ? "one bid" : "\(story.bids.count) bids"
    let caption: Markup = """
      \(amount(story.notional)) at the marks and \(amount(story.value)) of equity when it began; \
      \(bids) took \(amount(story.sold))\(rounds). \(Self.ending(story))
      """
    return PageFrame.figure(
      id, "Auction of \(story.account), \(story.startedAt.readable)",
      AuctionDrawing(story: story, money: runs.money).markup + bidTable(story), caption)
  }

  private static func ending(_ story: AuctionStory) -> String {
    guard let end = story.end, let endedAt = story.endedAt else {
      return "It had not ended when the replay did."
    }
    let length = (endedAt - story.startedAt).readable
    return switch end {
    case .restored: "After \(length) the account was restored."
    case .closed: "After \(length) nothing was left of the portfolio."
    case .exhausted: "After \(length) the next stage had the rest."
    }
  }

  private func bidTable(_ story: AuctionStory) -> Markup {
    guard !story.bids.isEmpty else { return "" }
    var table = HTMLTable(
      "Bids of this auction",
      [
        .short("Time (UTC)"), .short("Bidder"), .number("Taken"), .number("Price ÷ mark"),
        .number("Discount of the account"), .number("Reward of the fund"),
        .number("Kept by the account"), .number("Left of the round"),
      ])
    for bid in story.bids.prefix(Self.shown.bids) {
      table.append([
        "\(bid.time.dayText) \(bid.time.clockText)", "\(bid.fill.bidder)",
        amount(bid.fill.notional), "\(NumberText.share(ofMark: bid.price.billionths))",
        amountOrNone(bid.fill.discount), amountOrNone(bid.fill.fundPaid), amountOrNone(bid.kept),
        "\(NumberText.percentage(billionths: bid.fill.left.billionths, shown: 1))",
      ])
    }
    let hidden = story.bids.count - table.rows.count
    if hidden > 0 {
      table.append(["…", "\(hidden) more bids"] + Array(repeating: "" as Markup, count: 6))
    }
    table.footer = [
      "All \(story.bids.count)", "", amount(story.sold), "", amountOrNone(story.discounts),
      amountOrNone(story.fundPaid), amountOrNone(story.kept), "",
    ]
    return "<details><summary>Its bids</summary>\n\(table.markup)</details>\n"
  }

  /// An amount, or a dash for none.
  func amountOrNone(_ millionths: Int64) -> Markup {
    millionths == 0 ? .none : amount(millionths)
  }

  // MARK: All of them

  private func auctionTable(_ result: ReplayResult) -> Markup {
    var table = HTMLTable(
      "Auctions, the largest first",
      [
        .short("Account"), .short("Began (UTC)"), .short("Ended"), .number("Rounds"),
        .number("Portfolio"), .number("Bids"), .number("Sold"), .number("Part sold"),
        .number("Kept"), .number("Paid by the account"), .number("by the fund"), .short("End"),
      ])
    for story in result.auctions { table.append(row(story)) }
    let totals = result.totals
    let rest = totals.auctions - result.auctions.count
    let listed = result.auctions
    if rest > 0 {
      table.append([
        "others", "", "", "", "", "in \(NumberText.grouped(Int64(rest)))",
        amountOrNone(totals.auctionedValue - listed.reduce(0) { $0 + $1.sold }), "", "",
        amountOrNone(totals.auctionDiscounts - listed.reduce(0) { $0 + $1.discounts }),
        amountOrNone(totals.auctionRewards - listed.reduce(0) { $0 + $1.fundPaid }), "",
      ])
    }
    table.footer = [
      "All \(NumberText.grouped(Int64(totals.auctions)))", "", "", "", "", "",
      amount(totals.auctionedValue), "", "", amountOrNone(totals.auctionDiscounts),
      amountOrNone(totals.auctionRewards), "",
    ]
    guard result.auctions.count > Self.shown.rows else { return table.markup }
    return """
      <details><summary>All \(NumberText.grouped(Int64(totals.auctions))) auctions as a \
      table</summary>
      \(table.markup)</details>

      """
  }

  private func row(_ story: AuctionStory) -> [Markup] {
    [
      "\(story.account)", "\(story.startedAt.dayText) \(story.startedAt.clockText)",
      story.endedAt.map { "\($0.dayText) \($0.clockText)" } ?? .none,
      "\(story.restarts + 1)", amount(story.notional), "\(story.bids.count)", amount(story.sold),
      "\(NumberText.percentage(billionths: story.soldShare.billionths, shown: 1))",
      amountOrNone(story.kept), amountOrNone(story.discounts), amountOrNone(story.fundPaid),
      "\(story.end?.rawValue ?? "open")",
    ]
  }
}
