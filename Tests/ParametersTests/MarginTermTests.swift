// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of netting and size charges")
struct MarginTermTests {
  private func margin(_ changes: [(key: String, value: String)] = []) throws -> MarginParameters {
    try MarginParameters(ParameterFixture.set(changes))
  }

  @Test("are neutral where a file does not state them")
  func neutral() throws {
    let terms = try margin().terms
    let btc = try AssetSymbol("BTC")
    #expect(terms.netting[btc] == NettingParameters(correlation: .zero, offsetCap: .zero))
    #expect(terms.size[btc].impact == .zero)
    #expect(terms.size[btc].gap.intensity == .zero)
    #expect(terms.size[btc].uncertaintyFactor == .zero)
    #expect(terms.size[btc].openInterest.highest == .zero)
    #expect(terms.basis[btc] == BasisParameters(rate: .zero, ratePerYear: .zero))
    #expect(terms.peg[btc] == PegParameters(threshold: .zero, factor: .zero))
    #expect(terms.tierShare == .zero)
    #expect(terms.tierVolumes[btc] == .zero)
    #expect(terms.size[btc].horizonShare == .zero)
    #expect(
      terms.marks[btc] == MarkUncertaintyParameters(ordinary: .zero, free: .zero, factor: .zero))
    #expect(!terms.chargesStandaloneSizes)
    #expect(try margin().scan.rows.isEmpty)
    #expect(try margin().scan.twists == .none)
  }

  @Test("are stated by the parameter file, with what it was measured from")
  func stated() throws {
    let file = try ParameterFixture.file()
    let margin = try MarginParameters(file)
    let (btc, eth) = (try AssetSymbol("BTC"), try AssetSymbol("ETH"))
    let other = try AssetSymbol("DOGE")
    #expect(margin.terms.netting[btc].correlation == .one)
    #expect(margin.terms.netting[eth].correlation == (try Rate("91.4%")))
    #expect(margin.terms.netting[eth].offsetCap == (try Rate("50%")))
    #expect(margin.terms.netting[other].offsetCap == .zero)
    #expect(margin.terms.size[btc].openInterest.highest == (try Rate("84%")))
    #expect(margin.terms.size[btc].impact == .one)
    #expect(margin.scan.rows.map(\.elapsed) == [.zero, .day])
    // A row of a scenario table is a whole number of eight scenarios: 27, 8 tails and these.
    #expect(27 + margin.scan.tailShifts.count + margin.scan.rows.count <= 40)
    #expect(file.values.allSatisfy { !$0.source.isEmpty })
  }

  @Test("fall back to default, one by one, and take their volume from the book's")
  func fallback() throws {
    let terms = try margin([
      ("margin.size.default.impact", "1"), ("margin.size.default.volumeStress", "30%"),
      ("margin.size.ETH.impact", "2"), ("margin.netting.BTC.offsetCap", "50%"),
    ]).terms
    let (btc, eth) = (try AssetSymbol("BTC"), try AssetSymbol("ETH"))
    let other = try AssetSymbol("DOGE")
    let further = try margin([
      ("margin.mark.default.volatilityFactor", "2"), ("margin.mark.ETH.freeVolatility", "1%"),
      ("margin.size.ETH.horizonShare", "10%"), ("margin.standaloneSize", "true"),
    ]).terms
    #expect(further.marks[eth].factor == (try Rate("2")))
    #expect(further.marks[eth].free == (try Rate("1%")))
    #expect(further.marks[btc].free == .zero)
    #expect(further.size[eth].horizonShare == (try Rate("10%")))
    #expect(further.size[btc].horizonShare == .zero)
    #expect(further.chargesStandaloneSizes)
    #expect(terms.size[eth].impact == (try Rate("2")))
    #expect(terms.size[eth].volumeStress == (try Rate("30%")))
    #expect(terms.size[btc].impact == .one)
    #expect(terms.netting[btc].offsetCap == (try Rate("50%")))
    #expect(terms.netting[eth].offsetCap == .zero)
    // As book.*.dailyVolume of the file has them: 2.9 billion, 300 and 30 million.
    #expect(terms.size[btc].dailyVolume == 2_900_000_000_000_000)
    #expect(terms.size[eth].dailyVolume == 300_000_000_000_000)
    #expect(terms.size[other].dailyVolume == 30_000_000_000_000)
  }

  @Test(
    "are refused one unit beyond their bounds",
    arguments: [
      ("margin.netting.BTC.correlation", "100.0000001%"),
      ("margin.netting.BTC.correlation", "-0.1"),
      ("margin.netting.BTC.offsetCap", "100.0000001%"), ("margin.basis.BTC.rate", "1.000000001"),
      ("margin.basis.BTC.ratePerYear", "10.000000001"),
      ("margin.peg.USDT.threshold", "1.000000001"),
      ("margin.peg.USDT.factor", "100.000000001"), ("margin.tierShare", "1.000000001"),
      ("margin.tiers.BTC.volumeMultiple", "-0.000000001"),
      ("margin.size.BTC.impact", "10.000000001"),
      ("margin.size.BTC.volumeStress", "0.000999999"), ("margin.size.BTC.freeShare", "-0.1"),
      ("margin.size.BTC.uncertaintyFactor", "100.000000001"),
      ("margin.size.BTC.freeUncertainty", "1.000000001"),
      ("margin.size.BTC.openInterestRate", "1.000000001"),
      ("margin.size.BTC.gapIntensity", "1000.000000001"),
      ("margin.size.BTC.gapMean", "2.000000001"), ("margin.size.BTC.gapDeviation", "0.000999999"),
      ("margin.size.BTC.gapProbability", "0.000000999"),
      ("margin.size.BTC.gapProbability", "0.500000001"),
      ("margin.size.BTC.latency", "2592000.000000001s"),
      ("margin.size.BTC.volumeShare", "0.000999999"), ("margin.set.1.shift", "-0.990000001"),
      ("margin.set.1.volatilityFactor", "10.000000001"), ("margin.set.1.elapsed", "-1s"),
      ("margin.twist.term", "1.000000001"), ("margin.twist.smile", "-0.000000001"),
      ("margin.size.BTC.horizonShare", "1.000000001"),
      ("margin.size.BTC.horizonShare", "-0.000000001"),
      ("margin.mark.BTC.volatilityUncertainty", "10.000000001"),
      ("margin.mark.BTC.freeVolatility", "-0.000000001"),
      ("margin.mark.BTC.volatilityFactor", "100.000000001"),
    ])
  func bounds(key: String, value: String) throws {
    #expect {
      try margin([(key, value)])
    } throws: { error in
      guard case .outOfBounds(key, _, _, _) = error as? ParameterError else { return false }
      return true
    }
  }

  @Test("are refused where they contradict each other or leave a scenario unsaid")
  func inconsistent() throws {
    #expect(
      throws: ParameterError.inconsistent(
        key: "margin.size.BTC.openInterestUpper", reason: "not above openInterestLower")
    ) {
      try margin([
        ("margin.size.BTC.openInterestRate", "10%"), ("margin.size.BTC.openInterestLower", "3"),
        ("margin.size.BTC.openInterestUpper", "3"),
      ])
    }
    #expect(throws: ParameterError.missing(key: "margin.set.1.volatilityFactor")) {
      try margin([("margin.set.1.shift", "-10%"), ("margin.set.1.elapsed", "0s")])
    }
    let without = try ParameterFixture.set([("margin.size.BTC.impact", "1")])
    let values = without.values.filter { !$0.key.hasSuffix(".dailyVolume") }
    #expect(throws: ParameterError.missing(key: "book.BTC.dailyVolume")) {
      try MarginParameters(
        ParameterSet(name: "without volumes", date: without.date, values: values))
    }
  }
}
