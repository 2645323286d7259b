// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The numbers of auctions; where a file states none, those of Derive v2 with a reserve price.
///
/// Source of the usual values: Derive (Lyra v2), `scripts/config-mainnet.sol` and
/// docs.derive.xyz/liquidation-parameters.md; the stairs: Maker, ETH-A at launch; the rest is the
/// house's.
public struct AuctionParameters: Hashable, Sendable {
  /// The shape in which the price falls.
  public enum Path: Int64, Hashable, Sendable, CaseIterable {
    case linear
    case twoSpeed
    case stairs
    case exponential
  }

  public let path: Path
  /// The first price, as a part of the portfolio's value.
  public let start: Rate
  /// The price at which a two-speed path turns slow.
  public let knee: Rate
  /// When it does.
  public let fastDuration: TimeSpan
  /// The reserve price: nothing is sold below it.
  public let reserve: Rate
  /// How long a round of the solvent phase lasts.
  public let duration: TimeSpan
  /// What stairs are multiplied by after every step.
  public let cut: Rate
  public let step: TimeSpan
  /// How fast an exponential path falls, per second.
  public let speed: Rate
  /// Whether an exponential path falls at the speed that volatility asks for.
  public let isAdaptive: Bool
  /// What a bidder is expected to pay, for the adaptive speed.
  public let fairFactor: Rate
  /// The weight of the risk of waiting, for the adaptive speed.
  public let aversion: Rate
  /// The time from one chance to bid to the next, for the adaptive speed.
  public let bidInterval: TimeSpan
  /// In which the fund's payment rises from nothing to the requirement.
  public let insolventDuration: TimeSpan
  /// How many times as fast it rises at the end as at the beginning; 1 for a line.
  ///
  /// A block's step is then a part of what is paid already, and whoever is first in a block is
  /// paid hardly more than the one who would have come for less.
  public let insolventGrowth: Int64
  /// How far above maintenance margin bids may lift an account, as a part of it.
  public let buffer: Rate
  /// What the account pays the insurance fund at the start, as a part of what would be sold then.
  public let fee: Rate
  /// A portfolio of at most this notional is sold whole.
  public let wholeNotional: Int64
  /// The smallest part of a portfolio that a bid may take, unless less is for sale.
  public let leastShare: Rate
  /// A round that sells less than this part of its portfolio is held again.
  public let leastParticipation: Rate
  /// How often a round may be held again.
  public let restarts: Int64
  /// A bid so close to a round's end prolongs it, until so much is left.
  public let closingTime: TimeSpan
  /// The most by which one block moves an auction's clock.
  public let longestTick: TimeSpan

  init(_ set: ParameterSet) throws(ParameterError) {
    let reader = AuctionReader(set: set)
    path = Path(rawValue: try reader.raw("path")) ?? .twoSpeed
    start = try reader.rate("start")
    knee = try reader.rate("knee")
    fastDuration = try reader.span("fastDuration")
    reserve = try reader.rate("reserve")
    duration = try reader.span("duration")
    cut = try reader.rate("cut")
    step = try reader.span("step")
    speed = try reader.rate("speed")
    isAdaptive = try reader.raw("isAdaptive") != 0
    fairFactor = try reader.rate("fairFactor")
    aversion = try reader.rate("aversion")
    bidInterval = try reader.span("bidInterval")
    insolventDuration = try reader.span("insolventDuration")
    insolventGrowth = try reader.raw("insolventGrowth")
    buffer = try reader.rate("buffer")
    fee = try reader.rate("fee")
    wholeNotional = try reader.raw("wholeNotional")
    leastShare = try reader.rate("leastShare")
    leastParticipation = try reader.rate("leastParticipation")
    restarts = try reader.raw("restarts")
    closingTime = try reader.span("closingTime")
    longestTick = try reader.span("longestTick")
    try requireFalling()
  }

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for a path that would rise, and for a
  ///   fair price above the first.
  private func requireFalling() throws(ParameterError) {
    guard reserve <= start else {
      throw .inconsistent(key: "auction.reserve", reason: "above auction.start")
    }
    guard path == .twoSpeed else {
      guard !isAdaptive || fairFactor < start else {
        throw .inconsistent(key: "auction.fairFactor", reason: "not below auction.start")
      }
      return
    }
    guard knee <= start, knee >= reserve else {
      throw .inconsistent(key: "auction.knee", reason: "not between auction.reserve and start")
    }
    guard fastDuration <= duration else {
      throw .inconsistent(key: "auction.fastDuration", reason: "longer than auction.duration")
    }
  }
}

/// Reads what a file states, and the usual value of what it does not.
private struct AuctionReader {
  let set: ParameterSet

  func raw(_ name: String) throws(ParameterError) -> Int64 {
    let key = "auction." + name
    if set.states(key) { return try set.raw(key) }
    guard let term = ParameterDefinition.auctionTerms.first(where: { $0.name == name }) else {
      throw .missing(key: key)
    }
    return term.usual
  }

  func rate(_ name: String) throws(ParameterError) -> Rate { Rate(billionths: try raw(name)) }

  func span(_ name: String) throws(ParameterError) -> TimeSpan {
    TimeSpan(nanoseconds: try raw(name))
  }
}
