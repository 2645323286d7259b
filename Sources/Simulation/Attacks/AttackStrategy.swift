// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// What an attacker tries on a venue.
public enum AttackFamily: UInt8, Sendable, CaseIterable {
  /// He lets an account fail and takes its orders with another.
  case selfLiquidation
  /// He bids with one account in the auction of another.
  case collusion
  /// He cuts positions, fills and bids into specks.
  case dustSplitting
  /// He trades with himself off the mark before he fails.
  case washTrades
  /// He takes out all that goes, and then some, before he fails.
  case withdrawToTheEdge
  /// He is most of the depth that his own orders meet.
  case fakeDepth
  /// He is a depositor of the pool that takes his account over.
  case pools
  /// He takes his own account's slices as a keeper, or buys the right to them.
  case keepers
  /// He answers the requests for quotes that his own account has led to.
  case requests
  /// He buys the collateral that his own account has to sell.
  case conversion
  /// He takes the venue out of balance and lives on its hedge, its entry fee and its funding.
  case balance
  /// He fails where no fund is, and chooses who is cut for it or who bears the loss.
  case deleveraging
  /// He fails with one account of a tree and keeps the others.
  case subaccounts
  /// Any of that together.
  case everything
}

/// One strategy: a family and the numbers it leaves open, all drawn from a seed.
public struct AttackStrategy: Hashable, Sendable {
  public let family: AttackFamily
  /// The seed of this strategy; with the family, all of it.
  public let number: UInt64
  /// Accounts that will fail, and how large the position of each is, in steps.
  let accounts: Int
  let steps: Int64
  /// Deposit as thousandths of initial margin, at least 1,000.
  let depositThousandths: Int64
  /// Whether his other account is the other side, else the maker.
  let isOpposed: Bool
  /// Of trades with himself, hundredths of a percent from the mark.
  let offset: Int64
  let washes: Int
  /// What part of a position goes to and fro, thousandths.
  let washThousandths: Int64
  /// Thousandths of what is free that he takes out; above 1,000 more than is free.
  let withdrawnThousandths: Int64
  /// How far the price goes against him, thousandths of what initial margin covers.
  let shockThousandths: Int64
  /// How much further each block goes, in the same unit; negative comes back.
  let driftThousandths: Int64
  /// Thousandths of each order that he takes himself, and of the rest that outsiders take.
  let ownThousandths: Int64
  let outsideThousandths: Int64
  /// Where between limit (0) and mark (1,000) he takes it.
  let priceThousandths: Int64
  /// Fills into which he cuts what he takes.
  let cuts: Int64
  let blocks: Int
  /// Part of a portfolio for which he bids at a time, thousandths, and the block he begins in.
  let bidThousandths: Int64
  let firstBid: Int

  public init(_ family: AttackFamily, number: UInt64) {
    var random = SplitMix64(seed: number ^ UInt64(family.rawValue) &* 0x9e37_79b9)
    func draw(_ range: ClosedRange<Int64>) -> Int64 {
      range.lowerBound + Int64(random.below(range.count))
    }
    self.family = family
    self.number = number
    let isDust = family == .dustSplitting
    accounts = isDust ? Int(draw(2...5)) : Int(draw(1...2))
    steps = isDust ? draw(1...40) : draw(50...20_000)
    depositThousandths = draw(1_000...1_400)
    isOpposed = draw(0...1) == 1
    let isWash = family == .washTrades
    offset = isWash ? draw(-4_900...2_000) : draw(0...3) == 0 ? draw(-100...100) : 0
    washes = isWash ? Int(draw(1...4)) : 0
    washThousandths = isWash ? draw(10...900) : 0
    let isEdge = family == .withdrawToTheEdge
    withdrawnThousandths = isEdge ? draw(900...1_001) : draw(0...3) == 0 ? draw(0...1_000) : 0
    shockThousandths = draw(300...1_000)
    driftThousandths = draw(-100...60)
    let isFake = family == .fakeDepth
    ownThousandths = isFake ? draw(500...1_000) : draw(0...1_000)
    // Honest depth is at the mark for whoever is cheaper; a fake wall has little behind it.
    outsideThousandths = isFake ? draw(50...1_000) : 1_000
    priceThousandths = draw(0...1_000)
    cuts = isDust ? draw(1...8) : draw(1...2)
    blocks = Int(draw(2...6))
    bidThousandths = isDust ? draw(1...200) : draw(50...1_000)
    firstBid = Int(draw(0...3))
  }
}
