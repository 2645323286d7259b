// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

extension EntrySummary {
  /// Amounts with their names in JSON, which never change their meaning, and as they are read.
  var sums: [(field: String, label: String, value: Int64)] {
    [
      ("openingPaid", "Paid at the opening of accounts", openingPaid),
      ("openingRebates", "Given back then", openingRebates),
      ("paid", "Paid since", paid), ("rebates", "Given back since", rebates),
      ("pots", "In the pots at the end", pots),
    ]
  }

  var json: JSONText { .object(sums.map { ($0.field, .money($0.value)) }) }
}

extension ReportPage {
  func table(of entry: EntrySummary, _ who: Markup) -> Markup {
    var table = HTMLTable("Entry fees\(who)", [.text("What"), .number("Amount")])
    for sum in entry.sums { table.append(["\(sum.label)", amountOrNone(sum.value)]) }
    return table.markup
  }
}

extension ReplaySummary {
  func lines(of entry: EntrySummary) -> String {
    var table = TextTable([("Entry fees", .left), ("", .right)])
    for sum in entry.sums { table.append([sum.label, runs.money.short(sum.value)]) }
    return table.text
  }
}
