// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// One source's vote on a price.
struct Vote {
  /// In price steps, not negative.
  let price: Int64
  /// The source's position in the feed; breaks ties.
  let position: Int
  /// Only ratios count.
  ///
  /// At most 10^9 from the parameters, below 10^20 after capping.
  var weight: Int128
}

/// Weighted votes, sorted by price and then by source, with no source above the cap.
struct Ballot {
  private(set) var votes: [Vote]
  private(set) var total: Int128

  /// - Parameters:
  ///   - votes: In order of position, weights positive.
  ///   - cap: Largest share of one vote, below one half. With fewer votes than 1 ÷ cap no shares
  ///     keep it, and all votes count the same.
  init(_ votes: [Vote], cap: Rate) {
    self.votes = votes
    total = votes.reduce(0) { $0 + $1.weight }
    sortByPrice()
    limitWeights(to: Int128(cap.billionths))
  }

  /// Straight insertion: stable, and the fastest for a handful of votes.
  private mutating func sortByPrice() {
    for next in votes.indices.dropFirst() {
      let vote = votes[next]
      var position = next
      while position > 0, votes[position - 1].price > vote.price {
        votes[position] = votes[position - 1]
        position -= 1
      }
      votes[position] = vote
    }
  }

  /// Cuts shares above the cap and gives what is cut to the others, in proportion.
  ///
  /// Repeated until no share is above it. Integer weights keep the shares exact: with k votes
  /// cut, each of them weighs cap × R and the others w × (1 − k·cap), R being the sum of the
  /// others' w.
  private mutating func limitWeights(to cap: Int128) {
    let whole = Int128(Rate.one.billionths)
    let largest = votes.reduce(0) { max($0, $1.weight) }
    guard largest * whole > cap * total else { return }
    let weights = votes.map(\.weight).sorted(by: >)
    var rest = total
    var cut = 0
    while cut < weights.count, weights[cut] * (whole - Int128(cut) * cap) > cap * rest {
      rest -= weights[cut]
      cut += 1
    }
    guard cut < weights.count else {
      for position in votes.indices { votes[position].weight = 1 }
      total = Int128(votes.count)
      return
    }
    let smallestCut = weights[cut - 1]
    total = 0
    for position in votes.indices {
      let weight = votes[position].weight
      votes[position].weight =
        weight >= smallestCut ? cap * rest : weight * (whole - Int128(cut) * cap)
      total += votes[position].weight
    }
  }

  /// The price with half the weight on either side; between two prices when the halves are
  /// equal, their mean, rounded half to even.
  ///
  /// - Precondition: there is a vote, as a quorum is at least one.
  var median: Int64 {
    let middle = middle(of: total, without: nil)
    let sum = middle.lowerBound + middle.upperBound
    let half = sum >> 1
    return sum & 1 == 0 ? half : half + (half & 1)
  }

  /// The median of all votes but one; the two prices around it when it is tied.
  func middle(without position: Int) -> ClosedRange<Int64>? {
    guard votes.count > 1 else { return nil }
    let left = votes.reduce(0) { $0 + ($1.position == position ? 0 : $1.weight) }
    return middle(of: left, without: position)
  }

  private func middle(of total: Int128, without position: Int?) -> ClosedRange<Int64> {
    var below: Int128 = 0
    var lower: Int64?
    for vote in votes where vote.position != position {
      if let lower { return lower...vote.price }
      below += vote.weight
      if below * 2 > total { return vote.price...vote.price }
      if below * 2 == total { lower = vote.price }
    }
    preconditionFailure("more than half of a positive weight is reached by the last vote")
  }

  /// Half the distance between the quartiles, rounded up: how far the sources disagree.
  ///
  /// The quartiles are votes, counted inward from either end.
  var halfInterquartileRange: Int64 {
    let lower = quartile(of: votes)
    let upper = quartile(of: votes.reversed())
    return upper > lower ? (upper - lower + 1) / 2 : 0
  }

  /// The first price at which a quarter of the weight is reached.
  private func quartile(of votes: some Sequence<Vote>) -> Int64 {
    var reached: Int128 = 0
    for vote in votes {
      reached += vote.weight
      if reached * 4 >= total { return vote.price }
    }
    return 0
  }
}
