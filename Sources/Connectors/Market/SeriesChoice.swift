// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

/// The candles of one source from one file, before it is known whether they are needed.
struct SeriesCandidate {
  let source: VenueSource
  let step: TimeSpan
  let file: String
  /// In strictly increasing order of time.
  let candles: [Candle]
  /// Hours with at least one candle.
  let coveredHours: Int
  /// Declared by the user never to vote.
  let isReferenceOnly: Bool

  init(
    source: VenueSource, step: TimeSpan, file: String, candles: [Candle],
    isReferenceOnly: Bool = false
  ) {
    self.source = source
    self.step = step
    self.file = file
    self.candles = candles
    self.isReferenceOnly = isReferenceOnly
    var hours = 0
    var last: Int64 = -1
    for candle in candles {
      let hour = candle.start.nanoseconds / TimeSpan.hour.nanoseconds
      if hour != last { hours += 1 }
      last = hour
    }
    coveredHours = hours
  }

  fileprivate var mayVote: Bool { source.kind != .composite && !isReferenceOnly }
}

/// The candidates that become series, with their roles, and those that do not.
struct SeriesChoice {
  private(set) var chosen: [(candidate: SeriesCandidate, role: SeriesRole)] = []
  private(set) var unused: [UnusedFile] = []

  /// Lets every venue vote once per feed.
  ///
  /// Of a venue's candidates that cover at least nine tenths of the hours its best one covers,
  /// the finest in time votes; at equal step spot before perpetual, then the one that covers
  /// most, then dollars before stablecoins, then the file's name. The best candidate of each
  /// further source of the venue is kept as a reference, and so are composites.
  init(_ candidates: [SeriesCandidate]) {
    var rest = candidates.filter { !$0.candles.isEmpty }
    unused = candidates.filter(\.candles.isEmpty).map {
      UnusedFile(file: $0.file, reason: "no prices of \($0.source.source) in the window")
    }
    while let first = rest.first {
      let isSame = { (other: SeriesCandidate) in
        other.source.venue == first.source.venue && other.source.feed == first.source.feed
      }
      choose(rest.filter(isSame))
      rest.removeAll(where: isSame)
    }
  }

  private mutating func choose(_ venue: [SeriesCandidate]) {
    let most = venue.map(\.coveredHours).max() ?? 0
    let ranked = venue.sorted { Self.rank($0, most) < Self.rank($1, most) }
    var hasVote = false
    var sources: [(id: SourceID, file: String)] = []
    for candidate in ranked {
      if let better = sources.first(where: { $0.id == candidate.source.source }) {
        unused.append(
          UnusedFile(
            file: candidate.file,
            reason: "\(candidate.source.source) is read from \(better.file)"))
        continue
      }
      sources.append((candidate.source.source, candidate.file))
      let votes = candidate.mayVote && !hasVote
      hasVote = hasVote || votes
      chosen.append((candidate, votes ? .votes : .reference))
    }
  }

  private struct Rank: Comparable {
    let isThin: Int
    let step: TimeSpan
    let kind: Int
    let missingHours: Int
    let quote: AssetSymbol
    let file: String

    static func < (left: Self, right: Self) -> Bool {
      // `USD` sorts before `USDC` and `USDT`.
      (left.isThin, left.step, left.kind, left.missingHours, left.quote, left.file)
        < (right.isThin, right.step, right.kind, right.missingHours, right.quote, right.file)
    }
  }

  private static func rank(_ candidate: SeriesCandidate, _ most: Int) -> Rank {
    Rank(
      isThin: candidate.coveredHours * 10 >= most * 9 ? 0 : 1, step: candidate.step,
      kind: candidate.source.kind.rawValue, missingHours: most - candidate.coveredHours,
      quote: candidate.source.quote, file: candidate.file)
  }
}
