// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of the last stages")
struct LossParametersTests {
  private func losses(_ changes: [(key: String, value: String)]) throws -> LossParameters {
    try LossParameters(ParameterFixture.set(changes))
  }

  @Test("what is not stated leaves everything as it was")
  func neutral() throws {
    let losses = try losses([])
    #expect(losses.queue == .profitTimesLeverage && losses.price == .bankruptcy)
    #expect(losses.sharing == .byProfit && losses.repayAbove == nil && losses.gateShare == nil)
    #expect(losses.fund.window == nil && !losses.fund.isWatched && losses.fund.target == nil)
  }

  @Test("every number names a rule, and the next one is refused")
  func numbers() throws {
    for queue in DeleveragingQueue.allCases {
      #expect(try losses([(key: "deleveraging.rule", value: "\(queue.rawValue)")]).queue == queue)
    }
    #expect(try losses([(key: "deleveraging.price", value: "1")]).price == .mark)
    #expect(try losses([(key: "deleveraging.price", value: "2")]).price == .funded)
    for sharing in SharingRule.allCases {
      let stated = try losses([(key: "socializedLoss.rule", value: "\(sharing.rawValue)")])
      #expect(stated.sharing == sharing)
    }
    for (key, value) in [
      ("deleveraging.rule", "5"), ("deleveraging.rule", "-1"), ("deleveraging.price", "3"),
      ("socializedLoss.rule", "3"), ("insuranceFund.windowCap", "100.0000001%"),
      ("insuranceFund.feeRise", "25.0000001%"),
    ] {
      #expect(throws: ParameterError.self, "\(key) \(value)") {
        _ = try losses([(key: key, value: value)])
      }
    }
  }

  @Test("a window needs a length, a target a move, and a move is stated once")
  func incomplete() throws {
    #expect(throws: ParameterError.missing(key: "insuranceFund.window")) {
      _ = try losses([(key: "insuranceFund.windowCap", value: "10%")])
    }
    let interval = (key: "insuranceFund.targetInterval", value: "60")
    #expect(throws: ParameterError.missing(key: "insuranceFund.move.1.shift")) {
      _ = try losses([interval])
    }
    let fall = (key: "insuranceFund.move.1.shift", value: "-33%")
    for second in ["-33%", "0%"] {
      #expect(throws: ParameterError.self) {
        _ = try losses([interval, fall, (key: "insuranceFund.move.2.shift", value: second)])
      }
    }
    let rise = (key: "insuranceFund.move.2.shift", value: "50%")
    let target = try #require(try losses([interval, fall, rise]).fund.target)
    #expect(target.interval == 60)
    #expect(target.moves.map(\.shift.billionths) == [-330_000_000, 500_000_000])
    #expect(target.addition.billionths == 100_000_000 && target.feeRise == .zero)
    #expect(try losses([fall]).fund.target == nil, "moves alone ask for nothing")
  }

  private static let asked: [(key: String, value: String)] = [
    (key: "insuranceFund.targetInterval", value: "60"),
    (key: "insuranceFund.move.1.shift", value: "-33%"),
    (key: "insuranceFund.move.2.shift", value: "-16%"),
  ]

  @Test("a move is at the marks and at once unless its depth and latency are stated")
  func stresses() throws {
    let plain = try #require(try losses(Self.asked).fund.target)
    #expect(plain.moves.allSatisfy { $0.depth == nil && $0.latency == .zero })
    #expect(plain.depegs.isEmpty)
    let target = try #require(
      try losses(
        Self.asked + [
          (key: "insuranceFund.move.1.depth", value: "2%"),
          (key: "insuranceFund.move.2.latency", value: "15min"),
          (key: "insuranceFund.depeg.USDT", value: "65%"),
          (key: "insuranceFund.depeg.USDE", value: "90%"),
        ]
      ).fund.target)
    #expect(target.moves.map(\.depth?.billionths) == [20_000_000, nil])
    #expect(target.moves.map(\.latency) == [.zero, TimeSpan(seconds: 900)])
    #expect(target.depegs.map(\.asset.description) == ["USDE", "USDT"])
    #expect(target.depegs.map(\.left.billionths) == [900_000_000, 650_000_000])
  }

  @Test(
    "a stress out of bounds, of no asset or of a move that is not there is refused",
    arguments: [
      ("move.1.depth", "0.0999999%"), ("move.1.depth", "100.0000001%"), ("move.3.depth", "2%"),
      ("move.0.latency", "1s"), ("move.BTC.latency", "1s"), ("move.1.latency", "86401s"),
      ("move.01.shift", "-40%"), ("move.02.depth", "2%"),
      ("depeg.USDT", "0.0999999%"), ("depeg.USDT", "100.0000001%"), ("depeg.default", "65%"),
    ])
  func refusedStresses(key: String, value: String) throws {
    #expect(throws: ParameterError.self) {
      _ = try losses(Self.asked + [(key: "insuranceFund." + key, value: value)])
    }
    for (key, value) in [
      ("move.1.depth", "0.1%"), ("move.1.depth", "100%"), ("move.2.latency", "86400s"),
      ("depeg.USDT", "0.1%"), ("depeg.USDT", "100%"),
    ] {
      _ = try losses(Self.asked + [(key: "insuranceFund." + key, value: value)])
    }
  }
}
