// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

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
  }

  public struct Bid: Sendable {
    public let time: Timestamp
    public let fill: AuctionFill
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
}

/// Collects the auctions of a replay.
struct AuctionLog {
  private var open: [AccountID: AuctionStory] = [:]
  private var finished: [AuctionStory] = []
  private(set) var count = 0
  /// The most points of one path, and bids of one auction, that are kept.
  private static let mostPoints = 4_096
  private static let mostStories = 64

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    let time = engine.state.time
    switch event {
    case .auctionStarted(let id, let round):
      count += 1
      let equity = engine.state.index(of: id)
        .flatMap { index in
          engine.valuation?.risk(engine.state.accounts[index].portfolio).equity
        }
      open[id] = AuctionStory(account: id, startedAt: time, value: equity ?? 0)
      add(id, round.phase, round.factor, at: time, startsRound: true)
    case .auctionRestarted(let id, let round):
      add(id, round.phase, round.factor, at: time, startsRound: true)
    case .auctionPriced(let id, _, let factor):
      guard let phase = open[id]?.path.last?.phase else { return }
      add(id, phase, factor, at: time, startsRound: false)
    case .auctionBidFilled(let fill):
      guard open[fill.account]?.bids.count ?? .max < Self.mostPoints else { return }
      open[fill.account]?.bids.append(AuctionStory.Bid(time: time, fill: fill))
    case .liquidationStageEntered(let id, _): finish(id, .exhausted, at: time)
    case .liquidationEnded(let id, .restored): finish(id, .restored, at: time)
    case .liquidationEnded(let id, .closed): finish(id, .closed, at: time)
    default: break
    }
  }

  private mutating func add(
    _ id: AccountID, _ phase: AuctionPhase, _ factor: Rate, at time: Timestamp,
    startsRound: Bool
  ) {
    guard open[id]?.path.count ?? .max < Self.mostPoints else { return }
    open[id]?.path.append(
      AuctionStory.PathPoint(
        time: time, phase: phase, factor: factor, startsRound: startsRound))
  }

  private mutating func finish(_ id: AccountID, _ end: AuctionStory.End, at time: Timestamp) {
    guard var story = open.removeValue(forKey: id) else { return }
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
