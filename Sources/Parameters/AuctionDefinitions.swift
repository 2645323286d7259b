// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// One number of auctions, with its value where a file states none.
  struct AuctionTerm: Sendable {
    let name: String
    let unit: ParameterUnit
    let bounds: ClosedRange<Int64>
    let usual: Int64
    let meaning: String

    init(
      _ name: String, _ unit: ParameterUnit, _ bounds: ClosedRange<Int64>, _ usual: Int64,
      _ meaning: String
    ) {
      self.name = name
      self.unit = unit
      self.bounds = bounds
      self.usual = usual
      self.meaning = meaning
    }
  }

  private static let second: Int64 = 1_000_000_000
  private static let whole: Int64 = 1_000_000_000
  private static let day: Int64 = 86_400_000_000_000

  static let auctionTerms: [AuctionTerm] = pathTerms + saleTerms

  private static let pathTerms: [AuctionTerm] = [
    AuctionTerm(
      "path", .count, 0...3, 1,
      "how the price falls: 0 in a line, 1 in two, 2 in stairs, 3 exponentially"),
    AuctionTerm(
      "start", .rate, 10_000_000...whole, 950_000_000,
      "first price of an auction, as a part of the portfolio's value"),
    AuctionTerm(
      "knee", .rate, 10_000_000...whole, 700_000_000,
      "price at which a path in two lines turns slow"),
    AuctionTerm("fastDuration", .duration, second...day, 900 * second, "when it does"),
    // Never zero: no portfolio is given away.
    AuctionTerm(
      "reserve", .rate, 10_000_000...whole, 100_000_000,
      "reserve price: the lowest, as a part of the portfolio's value"),
    AuctionTerm(
      "duration", .duration, second...(7 * day), 44_100 * second,
      "length of a round while the portfolio is worth something"),
    AuctionTerm(
      "cut", .rate, 10_000_000...(whole - 1), 990_000_000, "what stairs are multiplied by"),
    AuctionTerm("step", .duration, second...day, 90 * second, "length of one stair"),
    AuctionTerm(
      "speed", .rate, 1...whole, 483_000, "fall of an exponential path, per second"),
    AuctionTerm(
      "isAdaptive", .flag, 0...1, 0,
      "whether an exponential path falls as fast as volatility asks for"),
    AuctionTerm(
      "fairFactor", .rate, 10_000_000...whole, 800_000_000,
      "expected price of an auction, for the adaptive speed"),
    AuctionTerm(
      "aversion", .rate, 1_000_000...100 * whole, 2_670_000_000,
      "weight of the risk of waiting, for the adaptive speed"),
    AuctionTerm(
      "bidInterval", .duration, 1_000_000...(3_600 * second), 60 * second,
      "time from one chance to bid to the next, for the adaptive speed"),
    AuctionTerm(
      "insolventDuration", .duration, second...(7 * day), 3_600 * second,
      "time in which the fund's payment rises to the whole requirement"),
    AuctionTerm(
      "insolventGrowth", .count, 1...1_000_000, 1,
      "how many times as fast the fund's payment rises at the end as at first; 1 in a line"),
  ]

  private static let saleTerms: [AuctionTerm] = [
    AuctionTerm(
      "buffer", .rate, 0...whole, 150_000_000,
      "how far above maintenance margin bids may lift an account, as a part of it"),
    AuctionTerm(
      "fee", .rate, 0...500_000_000, 100_000_000,
      "paid to the insurance fund at the start, as a part of what could be sold then"),
    AuctionTerm(
      "wholeNotional", .money, 0...1_000_000_000_000_000, 1_000_000_000,
      "portfolio notional up to which all of it is sold"),
    AuctionTerm(
      "leastShare", .rate, 0...whole, 10_000_000,
      "smallest part of a portfolio a bid may take, unless less is for sale"),
    AuctionTerm(
      "leastParticipation", .rate, 0...whole, 100_000_000,
      "a round that sells a smaller part is held again"),
    AuctionTerm("restarts", .count, 0...100, 1, "how often a round may be held again"),
    AuctionTerm(
      "closingTime", .duration, 0...(3_600 * second), 300 * second,
      "time a bid near the end of a round leaves until that end"),
    AuctionTerm(
      "longestTick", .duration, second...(3_600 * second), 120 * second,
      "most by which one block moves the clock of an auction"),
  ]

  static let auction: [ParameterDefinition] = auctionTerms.map {
    ParameterDefinition("auction." + $0.name, $0.unit, $0.bounds, $0.meaning)
  }
}
