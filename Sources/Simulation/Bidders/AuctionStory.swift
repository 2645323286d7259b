// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
import Margin
public import Quantities
import RiskEngine

/// One auction of a replay from beginning to end.
public struct AuctionStory: Sendable {
  public let account: AccountID
  public let startedAt: Timestamp
  /// Equity when it began, millionths of the quote currency.
  public let value: Int64
  /// Its positions at the marks when it began, millionths of the quote currency.
  public let notional: Int64
  /// The clock and the price, block by block, and where a round began.
  public internal(set) var path: [PathPoint] = []
  public internal(set) var bids: [Bid] = []
  /// Absent while it is not finished.
  public internal(set) var endedAt: Timestamp?
  public internal(set) var end: End?

  public struct PathPoint: Sendable {
    public let time: Timestamp
    public let phase: AuctionPhase
    /// See ``/Ledger/AuctionProgress/factor``.
    public let factor: Rate
    public let startsRound: Bool
    /// What the block offers; absent where nothing can be bought.
    public internal(set) var prices: Prices?
  }

  /// Prices of a portfolio as shares of its value at the marks: its positions, one for all.
  ///
  /// A portfolio of one long position has them as prices of its contract.
  public struct Prices: Hashable, Sendable {
    /// What bidders are asked for: the mark less what they receive.
    public let asked: Rate
    /// Where the account is worth nothing: below the mark while it is worth something.
    public let bankruptcy: Rate
  }

  public struct Bid: Sendable {
    public let time: Timestamp
    public let fill: AuctionFill
    /// What the account keeps of the value it sells, millionths of the quote currency.
    public let kept: Int64
    /// Whether it came so late that the round was made longer.
    public let prolongs: Bool

    /// The mark less what the bidder received, as a share of the mark.
    public var price: Rate {
      AuctionStory.price(less: Int128(fill.discount) + Int128(fill.fundPaid), of: fill.notional)
    }
  }

  public enum End: String, Sendable, CaseIterable {
    case restored
    /// Nothing is left of the portfolio.
    case closed
    /// The next stage of the waterfall has the rest.
    case exhausted
  }

  /// Of all bids, millionths of the quote currency.
  public var sold: Int64 { bids.reduce(0) { $0 + $1.fill.notional } }

  /// The part of the portfolio that was sold, of what each bid found.
  public var soldShare: Rate {
    let left = bids.reduce(Int64(1_000_000_000)) { left, bid in
      left - bid.fill.share.share(of: left, rounding: .down)
    }
    return Rate(billionths: 1_000_000_000 - left)
  }

  /// What the account gave up to bidders, millionths of the quote currency.
  public var discounts: Int64 { bids.reduce(0) { $0 + $1.fill.discount } }
  /// What the insurance fund gave them.
  public var fundPaid: Int64 { bids.reduce(0) { $0 + $1.fill.fundPaid } }
  /// What the account kept of the value it sold.
  public var kept: Int64 { bids.reduce(0) { $0 + $1.kept } }
  /// Rounds after the first.
  public var restarts: Int { max(path.count(where: \.startsRound) - 1, 0) }

  /// One less a part of an amount; the price that is so much below the mark.
  static func price(less part: Int128, of notional: Int64) -> Rate {
    guard notional > 0 else { return .one }
    let share = (part * 1_000_000_000).divided(by: Int128(notional), rounding: .halfEven)
    return Rate(billionths: Int64(clamping: 1_000_000_000 - share))
  }
}

/// Collects the auctions of a replay.
struct AuctionLog {
  private var open: [AccountID: AuctionStory] = [:]
  private var finished: [AuctionStory] = []
  /// What an open auction's account has kept in its round, and by how much that is longer.
  private var rounds: [AccountID: (kept: Int64, extended: TimeSpan)] = [:]
  private(set) var count = 0
  /// The most points of one path, and bids of one auction, that are kept.
  private static let mostPoints = 4_096
  private static let mostStories = 256

  /// Takes in one record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) {
    var priced: Set<AccountID> = []
    for event in record.events {
      if let id = take(event, engine) { priced.insert(id) }
    }
    // Each by itself, so in any order.
    for id in priced {
      guard let last = open[id]?.path.indices.last, let offer = engine.auctionOffer(of: id),
        offer.notional > 0
      else { continue }
      let reward = Int128(offer.reward.billionths)
      open[id]?.path[last].prices = AuctionStory.Prices(
        asked: Rate(billionths: Int64(clamping: 1_000_000_000 - reward)),
        bankruptcy: AuctionStory.price(less: Int128(offer.value), of: offer.notional))
    }
  }

  /// - Returns: Whose path has a new point.
  private mutating func take(_ event: LedgerEvent, _ engine: Engine) -> AccountID? {
    let time = engine.state.time
    switch event {
    case .auctionStarted(let id, let round):
      count += 1
      open[id] = story(of: id, engine)
      return add(id, round.phase, round.factor, at: time, startsRound: true)
    case .auctionRestarted(let id, let round):
      return add(id, round.phase, round.factor, at: time, startsRound: true)
    case .auctionPriced(let id, _, let factor):
      guard let phase = open[id]?.path.last?.phase else { return nil }
      return add(id, phase, factor, at: time, startsRound: false)
    case .auctionBidFilled(let fill): add(fill, at: time)
    case .liquidationStageEntered(let id, _): finish(id, .exhausted, at: time)
    case .liquidationEnded(let id, .restored): finish(id, .restored, at: time)
    case .liquidationEnded(let id, .closed): finish(id, .closed, at: time)
    default: break
    }
    return nil
  }

  private func story(of id: AccountID, _ engine: Engine) -> AuctionStory {
    var (value, notional): (Int64, Int64) = (0, 0)
    if let valuation = engine.valuation, let index = engine.state.index(of: id) {
      let portfolio = engine.state.accounts[index].portfolio
      value = valuation.risk(portfolio).equity
      notional = Int64(clamping: valuation.heldNotional(of: portfolio))
    }
    return AuctionStory(
      account: id, startedAt: engine.state.time, value: value, notional: notional)
  }

  private mutating func add(
    _ id: AccountID, _ phase: AuctionPhase, _ factor: Rate, at time: Timestamp,
    startsRound: Bool
  ) -> AccountID? {
    if startsRound { rounds[id] = (0, .zero) }
    guard open[id]?.path.count ?? .max < Self.mostPoints else { return nil }
    open[id]?.path.append(
      AuctionStory.PathPoint(
        time: time, phase: phase, factor: factor, startsRound: startsRound))
    return id
  }

  private mutating func add(_ fill: AuctionFill, at time: Timestamp) {
    guard open[fill.account]?.bids.count ?? .max < Self.mostPoints else { return }
    let before = rounds[fill.account] ?? (0, .zero)
    open[fill.account]?.bids.append(
      AuctionStory.Bid(
        time: time, fill: fill, kept: max(fill.reserved - before.kept, 0),
        prolongs: fill.extended > before.extended))
    rounds[fill.account] = (fill.reserved, fill.extended)
  }

  private mutating func finish(_ id: AccountID, _ end: AuctionStory.End, at time: Timestamp) {
    guard var story = open.removeValue(forKey: id) else { return }
    rounds[id] = nil
    story.endedAt = time
    story.end = end
    finished.append(story)
    if finished.count > 2 * Self.mostStories {
      finished = Array(Self.sorted(finished).prefix(Self.mostStories))
    }
  }

  /// The largest by what was sold, finished or not.
  var largest: [AuctionStory] {
    let unfinished = open.keys.sorted().compactMap { open[$0] }
    return Array(Self.sorted(finished + unfinished).prefix(Self.mostStories))
  }

  private static func sorted(_ stories: [AuctionStory]) -> [AuctionStory] {
    stories.sorted { one, other in
      if one.sold != other.sold { return one.sold > other.sold }
      if one.startedAt != other.startedAt { return one.startedAt < other.startedAt }
      return one.account < other.account
    }
  }
}
