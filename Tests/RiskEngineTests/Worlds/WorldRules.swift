// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters
import TestFixtures

/// The rules of a random world: a waterfall of the field or a drawn one, and drawn terms of every
/// stage.
enum WorldRules {
  typealias Changes = [(key: String, value: String)]

  private struct Document: Decodable {
    struct Entry: Decodable {
      let key: String
      let value: String
    }
    let parameters: [Entry]
  }

  private static let files: Result<[Document], any Error> = Result {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../ParameterFiles/Waterfalls").standardized
    let all = try FileManager.default.contentsOfDirectory(
      atPath: folder.path(percentEncoded: false))
    return try all.sorted().map {
      try JSONDecoder().decode(Document.self, from: Data(contentsOf: folder.appending(path: $0)))
    }
  }

  /// Changes to the defaults; a later one of a key replaces an earlier one.
  static func drawn(_ random: inout Seeded) throws -> Changes {
    var changes: Changes = []
    if random.oneIn(3) {
      let file = try random.pick(files.get())
      changes = file.parameters.map { ($0.key, $0.value) }
    } else {
      changes = order(&random)
    }
    for (key, values) in menu where random.oneIn(3) {
      changes.append((key, random.pick(values)))
    }
    for group in groups where random.oneIn(3) {
      changes += group.map { ($0.key, random.pick($0.values)) }
    }
    // Days of the field are minutes here, or no history would come to the end of anything.
    changes += clocks(&random)
    return random.oneIn(4) ? changes + random.pick(universes) : changes
  }

  /// Some of the stages in any order; the book nearly always, and something after it.
  private static func order(_ random: inout Seeded) -> Changes {
    var left = WaterfallParameters.Stage.allCases
    var ranks: Changes = []
    var isStated = false
    // Every other world keeps the usual order of what it has.
    let isShuffled = random.oneIn(2)
    var rank = 1
    while !left.isEmpty {
      let place = isShuffled ? Int(random.number(0...Int64(left.count - 1))) : 0
      let stage = left.remove(at: place)
      let isIn = stage == .partial ? !random.oneIn(8) : !random.oneIn(3)
      isStated = isStated || isIn
      ranks.append(("waterfall.\(stage.rawValue).rank", isIn ? "\(rank)" : "0"))
      rank += isIn ? 1 : 0
    }
    return isStated ? ranks : []
  }

  private static func clocks(_ random: inout Seeded) -> Changes {
    [
      ("auction.duration", random.pick(["300s", "600s"])), ("auction.fastDuration", "200s"),
      ("auction.insolventDuration", random.pick(["200s", "400s"])),
      ("auction.step", "30s"), ("liquidation.grace", random.pick(["0s", "0s", "0s", "5min"])),
      ("liquidation.checkInterval", random.pick(["0s", "0s", "0s", "10min"])),
      ("pool.openingShare", "0%"), ("insuranceFund.openingShare", "0%"),
      ("clearing.fundingInterval", random.pick(["1h", "1d"])),
    ]
  }

  /// Every fourth venue has funds beyond the common one: for each underlying, for one of them, or
  /// for everything.
  private static let universes: [Changes] = [
    [("insuranceFund.universe.BTC", "1"), ("insuranceFund.universe.ETH", "2")],
    [("insuranceFund.universe.BTC", "2")], [("insuranceFund.universe.ETH", "63")],
    [("insuranceFund.universe.BTC", "0"), ("insuranceFund.universe.default", "1")],
    [("insuranceFund.universe.default", "3")],
  ]

  /// Each is drawn, or not, by itself.
  private static let menu: [(String, [String])] = [
    ("margin.buffer", ["0%", "10%", "50%", "100%"]),
    ("margin.collateral.default.haircut", ["0%", "10%", "50%"]),
    ("collateral.BTC.wrongWay.BTC", ["20%", "60%"]),
    ("collateral.ETH.wrongWay.BTC", ["-20%", "40%"]),
    ("margin.maintenanceFactor", ["50%", "80%"]),
    ("liquidation.choice", ["0", "1", "2"]),
    ("liquidation.impact", ["0", "1"]), ("liquidation.infeasible", ["true", "false"]),
    ("liquidation.expectedCost", ["0%", "0.1%", "2%"]),
    ("liquidation.patience", ["1", "2", "4"]),
    ("liquidation.sliceShare", ["10%", "50%", "100%"]),
    ("liquidation.wholeSliceNotional", ["0", "500", "5000"]),
    ("liquidation.leastShare", ["0%", "10%", "100%"]),
    ("liquidation.leastLeft", ["0", "20", "500"]),
    ("liquidation.penalty", ["0%", "0.5%", "5%"]),
    ("liquidation.handover", ["0%", "50%", "66.6666666%"]),
    ("liquidation.closesAll", ["true", "false"]),
    ("liquidation.keeperShare", ["0%", "50%", "100%"]),
    ("liquidation.blockShare", ["5%", "50%"]),
    ("liquidation.fillableSpread", ["0%", "10%", "100%"]),
    ("liquidation.orderLife", ["20s", "10min"]),
    ("insuranceFund.eventCap", ["0%", "25%", "100%"]),
    ("deleveraging.rule", ["0", "1", "1", "2", "3", "4"]),
    ("deleveraging.price", ["0", "1", "2"]),
    ("socializedLoss.rule", ["0", "1", "2"]),
    ("socializedLoss.share", ["5%", "50%", "100%"]),
    ("socializedLoss.repayAbove", ["0", "20", "500"]),
    ("withdrawalGate.fundShare", ["0%", "100%"]),
    ("fees.option", ["0%", "0.03%"]),
    ("auction.wholeNotional", ["0", "20", "5000"]),
    ("auction.restarts", ["0", "1", "3"]),
  ]

  /// Terms that mean something together.
  private static let groups: [[(key: String, values: [String])]] = [
    [
      ("auction.path", ["0", "1", "2", "3"]), ("auction.start", ["98%", "100%"]),
      ("auction.knee", ["80%"]), ("auction.reserve", ["50%", "75%"]),
    ],
    [
      ("fees.maker", ["-0.01%", "0.02%"]), ("fees.taker", ["0.04%", "0.06%"]),
      ("insuranceFund.feeShare", ["0%", "20%"]),
    ],
    [
      ("insuranceFund.windowCap", ["0%", "20%", "100%"]),
      ("insuranceFund.window", ["60s", "1h"]), ("insuranceFund.alarms", ["true"]),
    ],
    [("liquidation.windowShare", ["20%"]), ("liquidation.window", ["2min", "10min"])],
    [
      ("pool.marketCap", ["9000", "100000"]), ("pool.leverage", ["2", "10"]),
      ("pool.unwindShare", ["40%", "100%"]), ("pool.notice", ["0s"]),
      ("pool.fee", ["0%", "0.1%"]), ("pool.discount", ["0%", "10%"]),
    ],
    [
      ("conversion.choice", ["1", "2"]), ("conversion.execution", ["0", "1", "2"]),
      ("conversion.fee", ["0%", "0.5%"]), ("conversion.slippage", ["0.5%", "5%", "50%"]),
      ("conversion.leastWorth", ["1"]), ("collateral.ETH.conversionCost", ["0%", "2%"]),
    ],
    [
      ("requests.life", ["30s"]), ("requests.fee", ["0.05%"]),
      ("liquidation.depthWindow", ["2min"]),
    ],
    [
      ("keeper.patience", ["1", "2"]), ("keeper.gasUnits", ["100000"]),
      ("keeper.bonus", ["0.2%"]), ("keeper.cap", ["3%"]), ("keeper.skipsBook", ["true", "false"]),
      ("rights.commitSpan", ["0s", "1s"]), ("rights.revealSpan", ["90s"]),
      ("rights.lots", ["3"]), ("rights.deposit", ["1"]), ("rights.pricing", ["0", "1"]),
    ],
    [
      ("marginCall.warning", ["200%"]), ("marginCall.reduceOnly", ["150%"]),
      ("marginCall.cancelOrders", ["120%"]),
    ],
  ]
}
