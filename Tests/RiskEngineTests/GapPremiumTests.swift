// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import RiskEngine
import Testing

/// Six jumps a year, mean −5 %, deviation 12 %, a scan range of 16 %: QUANT 3.6 gives 1.2218 basis
/// points a day of a long and 0.4901 of a short (in Python, by the error function).
@Suite("Gap premiums")
struct GapPremiumTests {
  static let jumps = [
    (key: "margin.size.default.gapMean", value: "-5%"),
    (key: "margin.size.default.gapDeviation", value: "12%"),
    (key: "margin.size.default.gapProbability", value: "0.5%"),
    (key: "margin.size.default.latency", value: "15min"),
    (key: "margin.size.default.volumeShare", value: "10%"),
    (key: "margin.size.default.volumeStress", value: "30%"),
    (key: "clearing.fundingInterval", value: "1h"),
  ]

  private func venue(intensity: String) throws -> Venue {
    var venue = try Venue.marked(
      Self.jumps + [(key: "margin.size.default.gapIntensity", value: intensity)])
    try venue.open(1, .cross, usd: "10000")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    return venue
  }

  private func premiums(_ events: [LedgerEvent]) -> [Transfer] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == .gapPremium else {
        return nil
      }
      return transfer
    }
  }

  @Test("are paid to the insurance fund with every funding, by both sides")
  func paid() throws {
    var venue = try venue(intensity: "6")
    let fund = venue.engine.state.houses[0].insuranceFund
    #expect(premiums(try venue.block(after: 3_599)).isEmpty)
    let paid = premiums(try venue.block(after: 1))
    #expect(paid.map(\.from) == [.account(Venue.maker), .account(AccountID(1))])
    let usd = try Coins.usd
    #expect(paid.allSatisfy { $0.to == .insuranceFund && $0.amount.asset == usd })
    // 8,000 USD for an hour; chords lie above the curve by less than a per cent.
    let expected = [8_000 * 0.4901402592 / 24 * 100, 8_000 * 1.2218419797 / 24 * 100]
    for (transfer, expected) in zip(paid, expected) {
      let units = Double(transfer.amount.units)
      #expect(units >= expected * 0.9992 && units <= expected * 1.01 + 1, "\(units)")
    }
    let sum = paid.reduce(0) { $0 + $1.amount.units }
    #expect(venue.engine.state.houses[0].insuranceFund == fund + sum)
    #expect(premiums(try venue.block()).isEmpty)
  }

  @Test("are nothing without jumps")
  func none() throws {
    var venue = try venue(intensity: "0")
    let events = try venue.block(after: 3_600)
    #expect(events.contains { if case .fundingSettled = $0 { true } else { false } })
    #expect(premiums(events).isEmpty)
  }

  @Test("grow with the number of jumps, to the unit in proportion")
  func proportion() throws {
    func units(_ intensity: String) throws -> [Int64] {
      var venue = try venue(intensity: intensity)
      return premiums(try venue.block(after: 3_600)).map(\.amount.units)
    }
    let (six, twelve) = (try units("6"), try units("12"))
    #expect(zip(six, twelve).allSatisfy { abs(2 * $0 - $1) <= 2 })
    #expect(six.count == 2)
  }
}
