// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

/// One column of what keepers did: the one list for page, terminal and JSON.
struct KeeperColumn {
  /// The field's name in JSON; never changes its meaning.
  let field: String
  let label: String
  /// As the page has it.
  let title: String
  let value: (KeeperFigures) -> KeyFigure.Value

  init(
    _ field: String, _ label: String, _ title: String,
    _ value: @escaping (KeeperFigures) -> KeyFigure.Value
  ) {
    self.field = field
    self.label = label
    self.title = title
    self.value = value
  }
}

extension KeeperStory {
  /// Without what was not there.
  var columns: [KeeperColumn] {
    var columns = [
      KeeperColumn("sent", "Sent", "Transactions sent") { .count($0.sent) },
      KeeperColumn("reached", "In a block", "in a block in time") { .count($0.reached) },
      KeeperColumn("taken", "Took", "that took a slice") { .count($0.taken) },
      KeeperColumn("gasPaid", "Gas paid", "Gas paid") { .money($0.gasPaid) },
      KeeperColumn("rewards", "Rewards", "Rewards") { .money($0.rewards) },
    ]
    if rights != nil {
      columns.append(
        KeeperColumn("rightsPaid", "Paid for rights", "Paid for rights") {
          .money($0.rightsPaid)
        })
    }
    return columns + [
      KeeperColumn("closedValue", "Worked off", "Worked off") { .money($0.closedValue) },
      KeeperColumn("cost", "Its cost", "What that cost, with fees") { .money($0.cost) },
      KeeperColumn("held", "Held", "Held at the end") { .money($0.held) },
      KeeperColumn("result", "Result", "Result after gas") { .money($0.result) },
    ]
  }
}

extension RightsFigures {
  var figures: [OutsideFigure] {
    [
      OutsideFigure(field: "sales", label: "Sales", value: .count(sales)),
      OutsideFigure(
        field: "withdrawn", label: "Withdrawn before their end", value: .count(withdrawn)),
      OutsideFigure(field: "unsold", label: "In which nothing was sold", value: .count(unsold)),
      OutsideFigure(field: "bids", label: "Sealed bids", value: .count(bids)),
      OutsideFigure(field: "opened", label: "Opened in time", value: .count(opened)),
      OutsideFigure(field: "unopened", label: "Late or never", value: .count(unopened)),
      OutsideFigure(field: "lots", label: "Lots", value: .count(lots)),
      OutsideFigure(field: "lotsSold", label: "Lots sold", value: .count(lotsSold)),
      OutsideFigure(
        field: "toAccounts", label: "Paid to the accounts", value: .money(toAccounts)),
      OutsideFigure(field: "toFund", label: "Paid to the fund", value: .money(toFund)),
      OutsideFigure(field: "forfeited", label: "Deposits lost", value: .money(forfeited)),
    ]
  }
}
