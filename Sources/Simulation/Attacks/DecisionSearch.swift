// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Liquidation
import NumericalMethods
public import Parameters
import Quantities

/// The same search against the pure decision functions: millions of strategies instead of
/// thousands.
///
/// One account of the attacker is sold, another of his takes what it can. What an account owes
/// beyond its equity is the attacker's gain here, too.
public struct DecisionSearch: Sendable {
  private let contract: Contract
  private let fees: FeeParameters

  /// - Parameter parameters: Of the venue, for its fees. The penalty is drawn, for a venue may have
  ///   any; keepers have half of it.
  public init(_ parameters: ParameterSet) throws {
    fees = try FeeParameters(parameters)
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    contract = try Contract(
      id: InstrumentID(0), name: "C-PERP", underlying: AssetSymbol("C"), kind: .perpetual,
      settlement: .linear, settlementAsset: quote, stepQuantity: 100_000,
      tick: Price(steps: 10_000), highestPrice: Price(steps: 100_000 * Price.stepsPerOne))
  }

  /// What a family looks like here; `nil` where only the engine can say.
  public static let families: [AttackFamily] = [
    .selfLiquidation, .collusion, .dustSplitting, .washTrades, .fakeDepth,
  ]

  /// Plays strategies with the numbers `first`, `first` + 1, … of a family.
  public func run(_ family: AttackFamily, from first: UInt64, count: Int) -> AttackSearch.Finding {
    var finding = AttackSearch.Finding(family)
    for place in 0..<max(count, 0) {
      let number = first &+ UInt64(place)
      let profit = play(family, number: number)
      finding.strategies += 1
      finding.liquidations += family == .washTrades ? 0 : 1
      if profit > finding.bestProfit {
        finding.bestProfit = profit
        finding.bestNumber = number
      }
    }
    return finding
  }

  /// - Returns: The attacker's profit, ledger units; zero for a family that is not here.
  public func play(_ family: AttackFamily, number: UInt64) -> Int64 {
    var random = SplitMix64(seed: number ^ UInt64(family.rawValue) &* 0x51_7cc1)
    switch family {
    case .selfLiquidation: return closing(&random, outside: 1_000, fund: 0)
    case .fakeDepth:
      let fund = random.draw(0...1_000_000_000)
      return closing(&random, outside: random.draw(1...1_000), fund: fund)
    case .collusion: return random.draw(0...1) == 0 ? auction(&random) : batch(&random)
    case .dustSplitting: return splitting(&random)
    case .washTrades: return washing(&random)
    case .withdrawToTheEdge, .pools, .keepers, .requests, .conversion, .balance, .deleveraging,
      .subaccounts, .everything:
      return 0
    }
  }

  /// One account's order, taken in parts by another of the attacker and by outsiders.
  ///
  /// What the fund would have paid outsiders for all of it is not his gain: the search asks for
  /// more than that. How he came to so little equity is for the engine's search.
  /// - Parameter outside: Thousandths of the order that outsiders take just off the mark. Whoever
  ///   is cheaper goes first, so that the attacker bids no less than they.
  private func closing(_ random: inout SplitMix64, outside: Int64, fund: Int64) -> Int64 {
    let steps = random.draw(1...100_000)
    let mark = random.draw(10_000...50_000_000)
    let notional = steps * mark
    let equity = notional / 100_000 * random.draw(0...10_000)
    let limit = closingTerms(
      contract: contract, size: Size(steps: steps), unitValue: mark, equityShare: equity,
      fundShare: fund, fundLimit: mark - mark / 50
    ).limitUnitValue
    let honest = mark - mark / 2_000
    let floor = outside > 0 && honest >= limit ? honest : limit
    let price = min(floor + (mark - floor) / 1_000 * random.draw(0...1_000), mark)
    let own = steps * random.draw(0...1_000) / 1_000
    let rest = honest >= limit ? (steps - own) * outside / 1_000 : 0
    let left = equity - own * (mark - price) - rest * (mark - honest)
    let due = fund > 0 ? max(steps * (mark - honest) - equity, 0) : 0
    var profit = own * (mark - price) - equity - due
    let sold = own * price + rest * honest
    let taken = liquidationPenalty(notional: sold, rate: Self.penalty(&random), equity: left)
    // Half of the penalty goes to whoever took the order, by size.
    let kept = taken / 2
    profit += own + rest > 0 ? Int64(Int128(kept) * Int128(own) / Int128(own + rest)) : 0
    profit -= max(tradingFee(TradeWorth(value: own * price), .maker, fees), 0)
    return profit + max(left - taken, 0)
  }

  /// None, or up to a twentieth.
  private static func penalty(_ random: inout SplitMix64) -> Rate {
    Rate(billionths: max(random.draw(-10_000_000...50_000_000), 0))
  }

  /// Bids of the owner's other account in a row in his own auction, at any factors.
  private func auction(_ random: inout SplitMix64) -> Int64 {
    var value = random.draw(1_000...1_000_000_000_000)
    let requirement = value + random.draw(1...value)
    let worth = value
    var reserved: Int64 = 0
    var received: Int64 = 0
    for _ in 0..<random.draw(1...6) {
      let lot = AuctionedPortfolio(value: value, requirement: requirement, reserved: reserved)
      let factor = Rate(billionths: random.draw(10_000_000...1_000_000_000))
      let most = largestBid(on: lot, at: factor).billionths
      let share = Rate(billionths: most / 1_000 * random.draw(1...1_000))
      let terms = AuctionTerms(on: lot, share: share, at: factor)
      value -= terms.discount
      received += terms.discount
      reserved += terms.paid
    }
    return received + max(value, 0) - worth
  }

  /// The owner bids in his own batch, under another name, among outsiders who bid up to the mark:
  /// he drives the price up, withholds, or buys himself.
  private func batch(_ random: inout SplitMix64) -> Int64 {
    let mark = random.draw(1_000...1_000_000)
    let lots = random.draw(1...3)
    let (opening, closing) = (Timestamp(seconds: 1_583_971_200), Timestamp(seconds: 1_583_971_260))
    let end = closing + .minute
    let number = random.next()
    guard
      let terms = try? BatchTerms(
        number: number, account: AccountID(9), lots: lots, reserve: mark / 2,
        deposit: max(mark / 10, 1), accountClaim: random.draw(0...4) * mark, closesAt: closing,
        settlesAt: end, pricing: number.isMultiple(of: 2) ? .uniform : .displaced)
    else { return 0 }
    var batch = LiquidationBatch(terms)
    let bidders = random.draw(1...4)
    for bidder in 0...bidders {
      let isOwn = bidder == 0
      let price = random.draw(mark / 2...(isOwn ? 2 * mark : mark))
      let bid = SealedBid(
        bidder: AccountID(UInt32(bidder)), price: price, lots: random.draw(1...lots),
        salt: [UInt8](repeating: UInt8(bidder), count: 32))
      try? batch.commit(
        bid.commitment(to: terms.number), of: bid.bidder, available: .max, at: opening)
      if isOwn, random.draw(0...3) == 0 { continue }
      try? batch.reveal(bid, available: .max, at: closing)
    }
    guard let settled = try? batch.settled(at: end) else { return 0 }
    var profit = settled.toAccount
    for award in settled.awards {
      profit -= award.bidder == AccountID(0) ? award.payment : award.lots * mark
    }
    return settled.forfeiting.contains(AccountID(0)) ? profit - terms.deposit : profit
  }

  /// A bid in specks, beyond what the same part is worth in one, and a position in specks, beyond
  /// what the whole would pay.
  private func splitting(_ random: inout SplitMix64) -> Int64 {
    let worth = random.draw(1_000...1_000_000_000)
    let factor = Rate(billionths: random.draw(500_000_000...1_000_000_000))
    let whole = Int128(1_000_000_000)
    // What is not sold yet, in 10^−18, so that what he is owed is exact to far below a unit.
    var (value, reserved, received, left) = (worth, Int64(0), Int64(0), whole * whole)
    for _ in 0..<random.draw(2...12) {
      let lot = AuctionedPortfolio(value: value, requirement: 2 * worth, reserved: reserved)
      let share = Rate(billionths: random.draw(1...200_000_000))
      let terms = AuctionTerms(on: lot, share: share, at: factor)
      value -= terms.discount
      received += terms.discount
      reserved += terms.paid
      left = (left * (whole - Int128(share.billionths))).divided(by: whole, rounding: .down)
    }
    let due = Int128(worth) * (whole * whole - left) * (whole - Int128(factor.billionths))
    let gain = received - Int64(due.divided(by: whole * whole * whole, rounding: .up))
    // A liquidation of so many specks, each with its own penalty and fee.
    let (count, notional) = (random.draw(2...12), random.draw(1...1_000_000))
    let penalty = Self.penalty(&random)
    var specks: Int64 = 0
    for _ in 0..<count {
      specks += liquidationPenalty(notional: notional, rate: penalty, equity: .max)
      specks += tradingFee(TradeWorth(value: notional), .taker, fees)
    }
    let together =
      liquidationPenalty(notional: notional * count, rate: penalty, equity: .max)
      + tradingFee(TradeWorth(value: notional * count), .taker, fees)
    return max(gain, together - specks)
  }

  /// Trades with himself at any prices, to and fro: he keeps what he pays himself, less fees.
  private func washing(_ random: inout SplitMix64) -> Int64 {
    var (one, two) = (Int64(0), Int64(0))
    var position: Int64 = 0
    let mark = random.draw(10_000...50_000_000)
    for _ in 0..<random.draw(1...8) {
      let steps = random.draw(-1_000...1_000)
      let price = mark + mark / 1_000 * random.draw(-20...20)
      let worth = TradeWorth(value: abs(steps) * price)
      position += steps
      one -= steps * price + tradingFee(worth, .maker, fees)
      two += steps * price - tradingFee(worth, .taker, fees)
    }
    return one + position * mark + two - position * mark
  }
}

extension SplitMix64 {
  fileprivate mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
    let count = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int64(next() % count)
  }
}
