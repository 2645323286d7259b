// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Whether a feed's index may be acted on.
@frozen
public enum FeedPhase: Hashable, Sendable {
  /// Start-up or restart: no quorum has spoken since, so there is no price to act on.
  case awaitingQuorum
  /// The index was accepted in the last block.
  case fresh
  /// Too few sources since the given block; the index is the last accepted one.
  case belowQuorum(since: Timestamp)
  /// Paused after a move beyond the breaker's limit; the index is the last accepted one.
  case circuitBroken(CircuitBreak)
}

/// All a venue remembers of one feed: plain values, changed only by ``apply(_:)`` and
/// ``restart(at:)``.
public struct FeedState: Hashable, Sendable {
  public let feed: FeedID
  /// The last block.
  public private(set) var time: Timestamp
  public private(set) var phase: FeedPhase
  /// The last accepted index; `nil` before the first one.
  ///
  /// Only ``freshIndex`` may be acted on.
  public private(set) var index: IndexPrice?
  /// When ``index`` was accepted.
  public private(set) var indexTime: Timestamp
  public private(set) var anchor: PriceAnchor?
  /// Only what was published after this instant votes.
  public private(set) var restartedAt: Timestamp
  /// Sorted by source, each source once.
  public private(set) var sources: [SourceState]

  /// A feed that has heard nothing yet.
  public init(_ feed: FeedID) {
    self.init(
      feed: feed, time: Timestamp(nanoseconds: .min), phase: .awaitingQuorum, index: nil,
      indexTime: Timestamp(nanoseconds: .min), anchor: nil,
      restartedAt: Timestamp(nanoseconds: .min), sources: [])
  }

  /// A feed with every field as it was stored.
  ///
  /// - Precondition: `sources` is sorted by source, without duplicates.
  public init(
    feed: FeedID, time: Timestamp, phase: FeedPhase, index: IndexPrice?, indexTime: Timestamp,
    anchor: PriceAnchor?, restartedAt: Timestamp, sources: [SourceState]
  ) {
    self.feed = feed
    self.time = time
    self.phase = phase
    self.index = index
    self.indexTime = indexTime
    self.anchor = anchor
    self.restartedAt = restartedAt
    self.sources = sources
  }

  /// The index, if a quorum stood behind it in the last block; the only price to act on.
  public var freshIndex: IndexPrice? { phase == .fresh ? index : nil }

  /// Applies what a block decided; cannot fail and reads nothing but `self`.
  ///
  /// - Precondition: the update is of this feed.
  public mutating func apply(_ update: FeedUpdate) {
    precondition(update.feed == feed, "an update changes the feed it was decided for")
    time = update.time
    anchor = update.anchor
    switch update.outcome {
    case .accepted(let accepted):
      index = accepted
      indexTime = update.time
      phase = .fresh
    case .belowQuorum:
      if phase == .fresh { phase = .belowQuorum(since: update.time) }
    case .circuitBroken(let pause):
      phase = .circuitBroken(pause)
    }
    var position = 0
    for changed in update.sources {
      while position < sources.count, sources[position].source < changed.source { position += 1 }
      if position < sources.count, sources[position].source == changed.source {
        sources[position] = changed
      } else {
        sources.insert(changed, at: position)
      }
    }
  }

  /// Takes the index out of use until a quorum has published after `instant`.
  ///
  /// A pause of the breaker outlives a restart; its confirmations start again.
  public mutating func restart(at instant: Timestamp) {
    restartedAt = max(restartedAt, instant)
    guard case .circuitBroken(let pause) = phase else {
      phase = .awaitingQuorum
      return
    }
    phase = .circuitBroken(
      CircuitBreak(
        level: pause.level, since: pause.since, until: pause.until, confirmations: 0,
        confirmedAt: pause.confirmedAt))
  }
}
