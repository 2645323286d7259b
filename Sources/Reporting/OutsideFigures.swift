// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

/// One figure of what came in from outside: the one list for page, terminal and JSON.
struct OutsideFigure {
  /// The field's name in JSON; never changes its meaning.
  let field: String
  let label: String
  let value: KeyFigure.Value
}

extension OutsideSummary {
  var figures: [OutsideFigure] {
    [
      OutsideFigure(
        field: "depthReports", label: "Reports of depth", value: .count(depthReports)),
      OutsideFigure(field: "requests", label: "Requests for quotes", value: .count(requests)),
      OutsideFigure(field: "answers", label: "Answers of makers", value: .count(answers)),
      OutsideFigure(field: "relayed", label: "Of them through relayers", value: .count(relayed)),
      OutsideFigure(field: "relayFees", label: "Paid to relayers", value: .money(relayFees)),
      OutsideFigure(
        field: "filledRequests", label: "Requests filled", value: .count(filledRequests)),
      OutsideFigure(
        field: "quotedValue", label: "Taken by makers at their prices",
        value: .money(quotedValue)),
      OutsideFigure(field: "sales", label: "Sales of collateral", value: .count(sales)),
      OutsideFigure(field: "saleFills", label: "Parts of them sold", value: .count(saleFills)),
      OutsideFigure(
        field: "soldValue", label: "Collateral sold, at its price", value: .money(soldValue)),
      OutsideFigure(field: "salePaid", label: "Paid for it", value: .money(salePaid)),
    ]
  }

  var json: JSONText { .object(figures.map { ($0.field, $0.value.json) }) }
}

extension KeeperStory {
  /// How often nobody came.
  var sentence: String {
    let counts = [offered, fallbacks, unprofitable].map { NumberText.grouped(Int64($0)) }
    return "Of \(counts[0]) slices offered \(counts[1]) fell back on the book or the next stage; "
      + "\(counts[2]) more were not offered, for their gas."
  }

  var json: JSONText {
    let each = keepers.map { figures in
      JSONText.object(columns.map { ($0.field, $0.value(figures).json) })
    }
    var fields: [(String, JSONText)] = [
      ("offered", .integer(offered)), ("taken", .integer(taken)),
      ("fallbacks", .integer(fallbacks)), ("unprofitable", .integer(unprofitable)),
      ("gasPaid", .money(sum.gasPaid)), ("rewards", .money(sum.rewards)),
      ("keepers", .array(each)),
    ]
    if let rights {
      fields.append(("rights", .object(rights.figures.map { ($0.field, $0.value.json) })))
    }
    return .object(fields)
  }
}

extension ReplaySummary {
  /// What came in from outside besides fills of orders; nothing where nothing did.
  var outside: String {
    zip(runs.names, runs.results).flatMap { name, result -> [String] in
      let whose = runs.isComparison ? ", \(TextTable.visible(name))" : ""
      return [
        result.outside.map { lines(of: $0, "From outside" + whose) },
        result.keepers.map { lines(of: $0, "Keepers" + whose) },
      ].compactMap(\.self)
    }.joined(separator: "\n")
  }

  private func lines(of outside: OutsideSummary, _ title: String) -> String {
    var table = TextTable([(title, .left), ("", .right)])
    for figure in outside.figures {
      table.append([figure.label, figure.value.short(runs.money)])
    }
    return table.text
  }

  private func lines(of story: KeeperStory, _ title: String) -> String {
    var table = TextTable([(title, .left)] + story.columns.map { ($0.label, .right) })
    func append(_ name: String, _ figures: KeeperFigures) {
      table.append([name] + story.columns.map { $0.value(figures).short(runs.money) })
    }
    for (index, figures) in story.keepers.enumerated() { append("\(index + 1)", figures) }
    append("All", story.sum)
    let rights = story.rights.map { "\n" + lines(of: $0) } ?? ""
    return table.text + story.sentence + "\n" + rights
  }

  private func lines(of rights: RightsFigures) -> String {
    var table = TextTable([("Rights to slices", .left), ("", .right)])
    for figure in rights.figures {
      table.append([figure.label, figure.value.short(runs.money)])
    }
    return table.text
  }
}
