// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of auctions")
struct AuctionParameterTests {
  private func auction(
    _ changes: [(key: String, value: String)] = []
  ) throws -> AuctionParameters {
    try LiquidationParameters(ParameterFixture.set(changes)).auction
  }

  // Source: Derive v2, `scripts/config-mainnet.sol`; Maker, ETH-A at launch.
  @Test("what no file states is the published setting, with a reserve price")
  func usual() throws {
    let auction = try auction()
    #expect(auction.path == .twoSpeed)
    #expect(try auction.start == Rate("95%") && auction.knee == Rate("70%"))
    #expect(auction.fastDuration == TimeSpan(seconds: 900))
    #expect(auction.duration == TimeSpan(seconds: 900 + 43_200))
    #expect(auction.insolventDuration == TimeSpan(seconds: 3_600))
    #expect(try auction.buffer == Rate("15%") && auction.fee == Rate("10%"))
    #expect(try auction.cut == Rate("99%") && auction.step == TimeSpan(seconds: 90))
    #expect(auction.reserve == (try Rate("10%")))
    let stages = try LiquidationParameters(ParameterFixture.set()).waterfall.stages
    #expect(!stages.contains(.auction))
  }

  @Test("nothing can be given away", arguments: ["0%", "0.9999999%"])
  func reserve(text: String) throws {
    #expect(throws: ParameterError.self) { try auction([("auction.reserve", text)]) }
    #expect(try auction([("auction.reserve", "1%")]).reserve == Rate("1%"))
  }

  @Test(
    "a path falls from its start to its reserve",
    arguments: [
      ("auction.reserve", "95.0000001%", "auction.reserve"),
      ("auction.knee", "95.0000001%", "auction.knee"),
      ("auction.knee", "9.9999999%", "auction.knee"),
      ("auction.fastDuration", "44100.000000001s", "auction.fastDuration"),
    ])
  func inconsistent(key: String, value: String, named: String) throws {
    do {
      _ = try auction([(key, value)])
      Issue.record("accepted \(key) = \(value)")
    } catch ParameterError.inconsistent(let found, _) { #expect(found == named) }
  }

  @Test("an adaptive path has a fair price below its start")
  func adaptive() throws {
    let changes = { (fair: String) in
      [
        (key: "auction.path", value: "3"), (key: "auction.isAdaptive", value: "true"),
        (key: "auction.fairFactor", value: fair),
      ]
    }
    #expect(throws: ParameterError.self) { try auction(changes("95%")) }
    #expect(try auction(changes("94.9999999%")).isAdaptive)
  }

  @Test("bidders have house values where a file states none")
  func bidders() throws {
    let usual = try BidderParameters(ParameterFixture.set())
    #expect(try usual.patience == TimeSpan(seconds: 1_800) && usual.aversion == Rate("0.5"))
    let other = try BidderParameters(ParameterFixture.set([("bidder.leastReturn", "1%")]))
    #expect(try other.leastReturn == Rate("1%") && usual.leastReturn == Rate("0.05%"))
  }
}
