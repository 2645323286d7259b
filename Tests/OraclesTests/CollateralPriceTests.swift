// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Quantities
import Testing

@Suite("The price of an asset as collateral")
struct CollateralPriceTests {
  private static let start = Timestamp(seconds: 1_000_000)

  private func mark(_ price: String) throws -> CollateralMark {
    CollateralMark(
      asset: try Asset(symbol: AssetSymbol("WBTC"), decimals: 8), price: try Price(price),
      since: Self.start)
  }

  private func next(
    _ last: String?, _ target: String, fresh: Bool = true, markUp: String? = "6%",
    after span: TimeSpan = .minute
  ) throws -> (price: Price, since: Timestamp) {
    nextCollateralPrice(
      after: try last.map { try mark($0) }, target: try Price(target), isFresh: fresh,
      markUp: try markUp.map { try Rate($0) }, now: Self.start + span)
  }

  @Test("falls at once, whether or not the fall is fresh")
  func markDown() throws {
    for fresh in [true, false] {
      let down = try next("100", "1", fresh: fresh)
      #expect(try down.price == Price("1"))
      #expect(down.since == Self.start + .minute)
    }
    #expect(try next(nil, "100").price == Price("100"))
    #expect(try next("100", "100").price == Price("100"))
  }

  // 6 % an hour is 0.1 % a minute: 100 becomes 100.1.
  @Test("rises by the rate and no more: one step below, at and above")
  func markUp() throws {
    #expect(try next("100", "200").price == Price("100.1"))
    #expect(try next("100", "100.10000001").price == Price("100.1"))
    #expect(try next("100", "100.1").price == Price("100.1"))
    #expect(try next("100", "100.09999999").price == Price("100.09999999"))
    #expect(try next("100", "200", markUp: nil).price == Price("200"))
    #expect(try next("100", "200", markUp: "0").price == Price("100"))
    // However long the time, an hour's rise.
    #expect(try next("100", "200", after: .day).price == Price("106"))
  }

  @Test("a price that is not fresh does not rise, and does not save up its rise")
  func stale() throws {
    let kept = try next("100", "200", fresh: false, after: .hour)
    #expect(try kept.price == Price("100"))
    #expect(kept.since == Self.start + .hour)
  }

  // S11: a collateral index that doubles in one step.
  @Test("a price of a few steps rises too: the time goes on counting until it is a whole step")
  func smallPrices() throws {
    var last = try mark("0.00000100")
    let rate = try Rate("6%")
    var now = Self.start
    for _ in 0..<60 {
      now = now + .minute
      let next = nextCollateralPrice(
        after: last, target: try Price("1"), isFresh: true, markUp: rate, now: now)
      last = CollateralMark(asset: last.asset, price: next.price, since: next.since)
    }
    // A tenth of a step a minute: a step every ten minutes.
    #expect(try last.price == Price("0.00000106"))
  }

  @Test("stays in its field at the limits")
  func limits() throws {
    let high = CollateralMark(
      asset: try mark("1").asset, price: Price(steps: Price.limit - 1), since: Self.start)
    let next = nextCollateralPrice(
      after: high, target: Price(steps: Price.limit), isFresh: true,
      markUp: Rate(billionths: Rate.limit), now: Self.start + .day)
    #expect(next.price.steps == Price.limit)
  }
}
