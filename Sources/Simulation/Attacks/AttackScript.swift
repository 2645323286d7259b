// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// What an attacker does on a venue with every feature: a family and a row of numbers.
///
/// The first numbers say on which venue, how he opens and how he answers what the engine offers;
/// the rest are moves, some before the price goes and two in every block after it. Every row of
/// numbers is a strategy, so a search may change any of them.
public struct AttackScript: Hashable, Sendable {
  public let family: AttackFamily
  /// Each 0 to 65,535: a place in the range of what it stands for.
  public internal(set) var genes: [UInt16]

  static let moveCount = 12
  static let genesPerMove = 5
  /// Prices of the path, at the end.
  static let pathLength = 8
  static let length = Trait.allCases.count + moveCount * genesPerMove + pathLength

  /// A strategy drawn blindly.
  init(_ family: AttackFamily, drawnFrom random: inout SplitMix64) {
    self.family = family
    genes = []
    genes.reserveCapacity(Self.length)
    for _ in 0..<Self.length { genes.append(UInt16(truncatingIfNeeded: random.next() >> 16)) }
  }

  /// The same but for one to four numbers: drawn again, nudged, or set to an end of their range.
  func changed(by random: inout SplitMix64) -> AttackScript {
    var next = self
    for _ in 0...random.below(4) {
      let place = random.below(Self.length)
      switch random.below(4) {
      case 0, 1: next.genes[place] = UInt16(truncatingIfNeeded: random.next() >> 16)
      case 2:
        let nudge = UInt16(truncatingIfNeeded: random.below(4_096))
        next.genes[place] =
          random.below(2) == 0 ? next.genes[place] &+ nudge : next.genes[place] &- nudge
      default: next.genes[place] = random.below(2) == 0 ? 0 : .max
      }
    }
    return next
  }

  /// The numbers in front of the moves.
  enum Trait: Int, CaseIterable {
    case ground, path, width, start, instrument, size, deposit, coins, layout, opposition
    case withdraws, withdrawn, own, outside, price, cuts, taker, blocks, bid, firstBid, quote, lots
    case reveal, isWandering, offset
  }

  func raw(_ trait: Trait) -> UInt16 { genes[trait.rawValue] }

  func number(_ trait: Trait, _ range: ClosedRange<Int64>) -> Int64 {
    Self.scaled(raw(trait), to: range)
  }

  func isSet(_ trait: Trait) -> Bool { raw(trait) >= 1 << 15 }

  static func scaled(_ gene: UInt16, to range: ClosedRange<Int64>) -> Int64 {
    let count = range.upperBound - range.lowerBound + 1
    return range.lowerBound + (Int64(gene) * count) >> 16
  }
}

/// One thing an attacker does.
enum AttackMove: CaseIterable {
  /// Between two of his owners, anywhere in the band.
  case tradeWithHimself
  /// To and fro between two of his owners.
  case wash
  /// With the honest maker, at the mark.
  case trade
  case close
  case deposit
  case withdraw
  case withdrawCoins
  case moveCollateral
  case movePosition
  case changeMode
  case placeOrder
  case cancelOrders
  /// His orders come to the book, or go, and whoever keeps it counts its depth.
  case reportDepth
  case depositToPool
  case noticeToPool
  case withdrawFromPool
  case bid
  case takeOffer

  /// What a family tries; repeated where it tries it more often.
  static func menu(of family: AttackFamily) -> [AttackMove] {
    switch family {
    case .selfLiquidation: [.trade, .tradeWithHimself, .close, .withdraw, .deposit, .wash]
    case .collusion: [.bid, .bid, .takeOffer, .trade, .deposit, .close]
    case .dustSplitting: [.trade, .close, .bid, .takeOffer, .tradeWithHimself, .withdraw]
    case .washTrades: [.wash, .wash, .tradeWithHimself, .tradeWithHimself, .trade, .withdraw]
    case .withdrawToTheEdge:
      [.withdraw, .withdraw, .withdrawCoins, .moveCollateral, .movePosition, .tradeWithHimself]
    case .fakeDepth: [.placeOrder, .cancelOrders, .reportDepth, .trade, .tradeWithHimself, .close]
    case .pools:
      [.depositToPool, .noticeToPool, .withdrawFromPool, .trade, .tradeWithHimself, .deposit]
    case .keepers: [.takeOffer, .takeOffer, .bid, .trade, .tradeWithHimself, .deposit]
    case .requests: [.trade, .tradeWithHimself, .close, .deposit, .withdraw, .takeOffer]
    case .conversion: [.bid, .withdrawCoins, .trade, .deposit, .tradeWithHimself, .close]
    case .balance: [.trade, .wash, .tradeWithHimself, .close, .trade, .withdraw]
    case .deleveraging:
      [.tradeWithHimself, .movePosition, .moveCollateral, .trade, .withdraw, .wash]
    case .subaccounts:
      [.moveCollateral, .movePosition, .changeMode, .tradeWithHimself, .withdraw, .trade]
    case .everything: AttackMove.allCases
    }
  }
}
