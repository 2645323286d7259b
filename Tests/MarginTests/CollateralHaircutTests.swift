// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("What of collateral counts")
struct CollateralHaircutTests {
  /// The terms of BTC under some parameters.
  private func terms(_ values: [(String, String)]) throws -> CollateralTerms {
    let world = try World(overrides: values.map { ("collateral.BTC." + $0, $1) })
    return try MarginParameters(world.parameters).collateral.terms[world.btc.symbol]
  }

  private func haircut(
    _ values: [(String, String)], flat: String = "10%", volatility: String = "80%",
    depth: String = "100%", correlation: String = "0"
  ) throws -> CollateralHaircut {
    CollateralHaircut(
      flat: try Rate(flat), try terms(values), volatility: try Rate(volatility),
      depthShare: try Rate(depth), correlation: try Rate(correlation))
  }

  @Test("without terms is the flat haircut to the last unit")
  func flat() throws {
    for flat in ["0", "0.000000001", "10%", "20%", "99.9999999%", "100%"] {
      let haircut = try haircut([], flat: flat)
      #expect(try haircut.least == Rate(flat))
      for worth in [Int64(0), 1, 9, 10, 11, 999_999_999, 1 << 61] {
        let charge = try Rate(flat).share(of: worth, rounding: .up)
        #expect(haircut.charge(worth) == charge, "\(flat) of \(worth)")
        #expect(haircut.counted(worth) == worth - charge)
      }
    }
  }

  // By hand: 1 − 0.9 × 0.95 × 0.97 = 0.17065; × 1.6 = 0.27304. Finality: 2 × 0.8 × √(1/8760) is
  // 0.01709495…, with 1 % 0.02709495. 1 − e^−0.2 = 0.18126924692….
  @Test("compounds market, bridge and finality, and grows with wrong-way risk")
  func components() throws {
    let terms = [("bridge", "5%"), ("reorganization", "3%")]
    #expect(try haircut(terms).least == Rate("17.065%"))
    #expect(try haircut(terms, correlation: "60%").least == Rate("27.304%"))
    #expect(try haircut(terms, flat: "60%", correlation: "100%").least == Rate("100%"))
    let finality = try haircut(
      [("finalityFactor", "2"), ("finalityTime", "1h"), ("reorganization", "1%")], flat: "0")
    #expect(finality.finality.billionths == 27_094_954)
    #expect(finality.least == finality.finality)
    let shortfall = try haircut([("expectedShortfall", "20%")])
    #expect(shortfall.market.billionths == 181_269_247)
    // The flat one counts where it is more.
    #expect(try haircut([("expectedShortfall", "10%")]).market == Rate("10%"))
  }

  // Yσ√(worth ÷ volume): 0.8 ÷ √365 × √(0.25) = 2.0937 % for a quarter of 30 % of a billion.
  @Test("follows the square-root law from above, within 1.2 % of that part")
  func liquidity() throws {
    let haircut = try haircut(
      [("impact", "1"), ("dailyVolume", "1000000000"), ("volumeStress", "30%")])
    #expect(haircut.liquidity(of: 75_000_000_000_000).billionths == 20_936_957)
    var worth: Int64 = 1_000_000
    while worth < 1 << 57 {
      let part = min(0.8 / 365.0.squareRoot() * (Double(worth) / 300e12).squareRoot(), 1)
      let exact = Double(worth) * (1 - 0.9 * (1 - part))
      let charge = Double(haircut.charge(worth))
      // Beyond 4 ÷ 9 of the amount at which nothing is left, more counts for nothing.
      if part <= 2.0 / 3 {
        #expect(charge >= exact * (1 - 1e-12), "\(worth)")
        #expect(charge <= exact + 0.012 * 0.9 * part * Double(worth) + 3 + 4e-5 * Double(worth))
      } else {
        #expect(charge <= exact * (1 + 1e-9))
        #expect(haircut.counted(worth) == haircut.counted(worth * 2))
      }
      worth = worth * 7 / 4
    }
  }

  @Test("grows when depth falls below what stress leaves, and not before")
  func depth() throws {
    let terms = [("impact", "1"), ("dailyVolume", "1000000000"), ("volumeStress", "30%")]
    func charge(_ depth: String) throws -> Int64 {
      try haircut(terms, depth: depth).charge(10_000_000_000_000)
    }
    let whole = try charge("100%")
    #expect(try charge("30.0000001%") == whole)
    #expect(try charge("30%") == whole)
    #expect(try charge("29.9999999%") > whole)
    #expect(try charge("0") == charge("0.1%"))
  }

  @Test("ends at the cap of the account: one unit below, at and above", arguments: ["0", "1000"])
  func accountCap(cap: String) throws {
    let haircut = try haircut([("accountCap", cap)])
    let limit = cap == "0" ? Int64(0) : 1_000_000_000
    #expect(haircut.counted(limit) == limit / 10 * 9)
    if limit > 0 { #expect(haircut.counted(limit - 1) == limit / 10 * 9 - 1) }
    #expect(haircut.counted(limit + 1) == limit / 10 * 9)
    #expect(haircut.counted(1 << 61) == limit / 10 * 9)
  }

  @Test("counts the share that the venue's cap leaves")
  func venueShare() throws {
    var haircut = try haircut([])
    haircut.countedShare = try Rate("50%")
    // Rounded down to 500 before the haircut of 50, rounded up.
    #expect(haircut.counted(1_001) == 450)
    haircut.countedShare = .zero
    #expect(haircut.counted(1_001) == 0)
  }

  // P11: with whatever terms, more of an asset never counts for less, nor for more than itself.
  @Test("never falls with the amount, and is between nothing and all of it")
  func monotone() throws {
    var random = SplitMix64(seed: 11)
    func percent(_ most: Int) -> String { "\(Int.random(in: 0...most, using: &random))%" }
    for _ in 0..<RandomBooks.count(60) {
      var values = [
        ("bridge", percent(100)), ("reorganization", percent(50)), ("finalityFactor", percent(900)),
        ("finalityTime", "\(Int.random(in: 0...900_000, using: &random))s"),
        ("expectedShortfall", percent(300)),
      ].filter { _ in Bool.random(using: &random) }
      values += [
        ("impact", percent(1_000)),
        ("dailyVolume", "\(Int64(1) << Int64.random(in: 0...39, using: &random))"),
        ("volumeStress", "\(Int.random(in: 1...100, using: &random))%"),
      ]
      if Bool.random(using: &random) {
        values.append(("accountCap", "\(Int64.random(in: 0...1 << 39, using: &random))"))
      }
      var haircut = try haircut(
        values, flat: percent(100), volatility: percent(1_000), depth: percent(200),
        correlation: percent(100))
      if Bool.random(using: &random) { haircut.countedShare = try Rate(percent(100)) }
      #expect(haircut.least >= .zero && haircut.least <= .one)
      for _ in 0..<200 {
        let worth = Int64.random(
          in: 0...(Int64(1) << Int64.random(in: 0...60, using: &random)), using: &random)
        let more = worth + (Bool.random(using: &random) ? 1 : worth / 2)
        let counted = haircut.counted(worth)
        #expect(counted >= 0 && counted <= worth)
        #expect(haircut.counted(more) >= counted, "\(values): \(worth), \(more)")
        #expect(haircut.liquidity(of: worth) >= .zero && haircut.liquidity(of: worth) <= .one)
      }
    }
  }

  @Test(
    "parameters that do not fit are refused by name",
    arguments: [
      ("impact", "1", "collateral.BTC.dailyVolume"), ("bridge", "101%", "collateral.BTC.bridge"),
      ("accountCap", "-1", "collateral.BTC.accountCap"),
      ("wrongWay.ETH", "-101%", "collateral.BTC.wrongWay.ETH"),
      ("haircut", "1%", "collateral.BTC.haircut"),
    ])
  func refusals(name: String, value: String, key: String) throws {
    do {
      _ = try terms([(name, value)])
      Issue.record("accepted")
    } catch let error as ParameterError {
      #expect(error.description.contains(key))
    }
  }

  @Test("a threshold of debt above its cap is refused")
  func thresholdAboveCap() throws {
    _ = try terms([("debtCap", "100"), ("debtThreshold", "100")])
    #expect(throws: ParameterError.self) {
      try terms([("debtCap", "100"), ("debtThreshold", "100.000001")])
    }
  }
}
