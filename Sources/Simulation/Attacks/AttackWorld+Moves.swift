// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine

// What an attacker does of his own accord.
extension AttackWorld {
  /// A move as its numbers say.
  struct Choice {
    let move: AttackMove
    let who: AccountID
    let other: AccountID
    let amount: UInt16
    let price: UInt16

    init(_ script: AttackScript, _ place: Int) {
      let start = AttackScript.Trait.allCases.count + place * AttackScript.genesPerMove
      let menu = AttackMove.menu(of: script.family)
      let last = Int64(AttackWorld.attackers.count - 1)
      func pick(_ offset: Int) -> AccountID {
        AttackWorld.attackers[Int(AttackScript.scaled(script.genes[start + offset], to: 0...last))]
      }
      move = menu[Int(AttackScript.scaled(script.genes[start], to: 0...Int64(menu.count - 1)))]
      who = pick(1)
      other = pick(2)
      amount = script.genes[start + 3]
      price = script.genes[start + 4]
    }

    /// Another account of the same owner, for there is nothing to move to any other.
    var relative: AccountID {
      let trees = [
        [AttackWorld.first, AttackWorld.apart, AttackWorld.below],
        [AttackWorld.second, AttackWorld.secondApart],
      ]
      let tree = trees.first { $0.contains(who) } ?? []
      let others = tree.filter { $0 != who }
      return others.isEmpty ? other : others[Int(other.number) % others.count]
    }

    var tranche: PoolTranche { price & 8 == 0 ? .senior : .junior }

    var thousandths: Int64 { AttackScript.scaled(amount, to: 1...1_000) }

    /// Hundredths of a percent off the mark: half of the time none, else up to the band.
    var offset: Int64 {
      guard price >= 1 << 15 else { return 0 }
      let sizes: [Int64] = [1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 4_900]
      let sign: Int64 = price & 1 == 0 ? 1 : -1
      return sign * sizes[Int(AttackScript.scaled((price - 1 << 15) << 1, to: 0...9))]
    }
  }

  mutating func play(_ choice: Choice, _ script: AttackScript) {
    let instrument = instrument(of: choice, script)
    let steps = max(script.steps * choice.thousandths / 1_000, 1)
    switch choice.move {
    case .tradeWithHimself:
      if takeReducing(choice, steps) { return }
      trade(choice.who, choice.other, instrument, steps, offset: choice.offset)
    case .wash:
      trade(choice.who, choice.other, instrument, steps, offset: choice.offset)
      trade(choice.other, choice.who, instrument, steps, offset: -choice.offset)
    case .trade:
      let (buys, maker) = (choice.price & 1 == 0, maker(of: instrument))
      trade(buys ? choice.who : maker, buys ? maker : choice.who, instrument, steps)
    case .close: close(choice.who, instrument, choice.thousandths)
    case .deposit: deposit(choice.who, steps * max(unitValue(instrument), 1) / 10)
    case .withdraw: withdraw(choice.who, choice.thousandths + 1)
    case .withdrawCoins: withdrawCoins(choice.who, choice.thousandths)
    case .moveCollateral: moveCollateral(choice.who, choice.relative, choice.thousandths)
    case .movePosition: movePosition(choice, instrument)
    case .changeMode:
      attempt(.changeMarginMode(choice.who, MarginMode.allCases[Int(choice.price) % 3]))
    case .placeOrder: placeOrder(choice, instrument, steps)
    case .cancelOrders:
      for order in account(choice.who)?.portfolio.orders ?? [] {
        attempt(.cancelOrder(choice.who, order.id))
      }
    case .reportDepth: reportDepth(instrument, choice)
    case .depositToPool:
      let held = account(choice.who)?.portfolio.balances[0] ?? 0
      let units = held / 1_000 * choice.thousandths
      attempt(.depositToPool(choice.who, Self.pool, choice.tranche, quote(max(units, 1))))
    case .noticeToPool:
      let worth = engine.state.pools.first?.worth(of: choice.who, choice.tranche).units ?? 0
      let units = max(worth / 1_000 * choice.thousandths, 1)
      attempt(.requestPoolWithdrawal(choice.who, Self.pool, choice.tranche, units: units))
    case .withdrawFromPool: attempt(.withdrawFromPool(choice.who, Self.pool, choice.tranche))
    case .bid: bid(script, by: choice.who)
    case .takeOffer: takeOffers(by: choice.who, choice.thousandths, script)
    }
  }

  /// What a move is in: where funds are apart, half of the moves are in the other universe.
  private func instrument(of choice: Choice, _ script: AttackScript) -> InstrumentID {
    guard isApart, choice.price & 2 != 0 else { return script.instrument }
    return script.instrument == Self.future ? Self.perpetual : Self.future
  }

  // MARK: Money

  mutating func deposit(_ id: AccountID, _ units: Int64) {
    guard units > 0 else { return }
    if attempt(.depositCollateral(id, quote(units))) { purse.bring(units) }
  }

  mutating func depositCoins(_ id: AccountID, _ units: Int64) {
    guard units > 0, attempt(.depositCollateral(id, coins(units))) else { return }
    purse.bring(coins: units, at: AttackPurse.coinPrice(self))
  }

  /// - Parameter thousandths: Of what is free, above 1,000 more than that.
  mutating func withdraw(_ id: AccountID, _ thousandths: Int64) {
    guard let risk = risk(id) else { return }
    let free = Int128(risk.equity - risk.initialMargin) * Int128(thousandths) / 1_000
    let held = account(id)?.portfolio.balances[0] ?? 0
    let units = min(Int64(clamping: free), thousandths > 1_000 ? .max : held)
    guard units > 0 else { return }
    if attempt(.withdrawCollateral(id, quote(units))) { purse.carryOff(units) }
  }

  mutating func withdrawCoins(_ id: AccountID, _ thousandths: Int64) {
    let held = account(id)?.portfolio.balances[1] ?? 0
    let units = held / 1_000 * thousandths
    guard units > 0, attempt(.withdrawCollateral(id, coins(units))) else { return }
    purse.carryOff(coins: units, at: AttackPurse.coinPrice(self))
  }

  private mutating func moveCollateral(
    _ from: AccountID, _ to: AccountID, _ thousandths: Int64
  ) {
    guard let portfolio = account(from)?.portfolio, let risk = risk(from) else { return }
    if portfolio.balances[1] > 0, thousandths % 2 == 0 {
      let units = max(portfolio.balances[1] / 1_000 * thousandths, 1)
      attempt(.moveCollateral(from: from, to: to, coins(units)))
    } else {
      let free = max(min(risk.equity - risk.initialMargin, portfolio.balances[0]), 0)
      attempt(.moveCollateral(from: from, to: to, quote(max(free / 1_000 * thousandths, 1))))
    }
  }

  /// With money for it first, in some strategies.
  private mutating func movePosition(_ choice: Choice, _ instrument: InstrumentID) {
    let held = abs(size(choice.who, instrument))
    guard held > 0 else { return }
    let moved = max(held * choice.thousandths / 1_000, 1)
    if choice.price & 1 == 0 {
      deposit(choice.relative, moved * max(unitValue(instrument), 1) / 10)
    }
    attempt(
      .movePosition(from: choice.who, to: choice.relative, instrument, Size(steps: moved)))
  }

  // MARK: Trades

  /// - Parameter offset: Hundredths of a percent from the mark.
  mutating func trade(
    _ buyer: AccountID, _ seller: AccountID, _ instrument: InstrumentID, _ steps: Int64,
    offset: Int64 = 0, order: OrderID? = nil
  ) {
    attempt(
      .recordTrade(
        TradeReport(
          instrument: instrument, buyer: buyer, seller: seller, size: Size(steps: steps),
          price: price(of: instrument, offset: offset), order: order)))
  }

  func price(of instrument: InstrumentID, offset: Int64) -> Price {
    let mark = markSteps(instrument)
    guard offset != 0 else { return Price(steps: mark) }
    return Price(steps: (mark + mark / 10_000 * offset) / Self.tick * Self.tick)
  }

  private mutating func close(_ id: AccountID, _ instrument: InstrumentID, _ thousandths: Int64) {
    let held = size(id, instrument)
    guard held != 0 else { return }
    let steps = max(abs(held) * thousandths / 1_000, 1)
    let maker = maker(of: instrument)
    trade(held > 0 ? maker : id, held > 0 ? id : maker, instrument, steps)
  }

  private mutating func placeOrder(_ choice: Choice, _ instrument: InstrumentID, _ steps: Int64) {
    let side: Side = choice.price & 1 == 0 ? .buy : .sell
    let isReduceOnly = keepsReducing && choice.price & 4 != 0
    place(
      choice.who, side, instrument, steps, offset: choice.offset, isReduceOnly: isReduceOnly)
  }

  /// Whether orders that can only reduce outlive the beginning of a liquidation.
  private var keepsReducing: Bool { engine.rules.liquidation.pace.keepsReducing }

  /// Fills such an order of one owner, which may be in liquidation, with another of them.
  ///
  /// - Returns: Whether there was one.
  mutating func takeReducing(_ choice: Choice, _ steps: Int64) -> Bool {
    guard keepsReducing,
      let order = account(choice.who)?.portfolio.orders.first(where: \.isReduceOnly)
    else { return false }
    let isSale = order.side == .sell
    attempt(
      .recordTrade(
        TradeReport(
          instrument: order.instrument, buyer: isSale ? choice.other : choice.who,
          seller: isSale ? choice.who : choice.other,
          size: Size(steps: min(steps, order.remaining.steps)), price: order.limit,
          order: order.id)))
    return true
  }

  /// - Returns: The order, if it rests now.
  @discardableResult
  mutating func place(
    _ id: AccountID, _ side: Side, _ instrument: InstrumentID, _ steps: Int64, offset: Int64,
    isReduceOnly: Bool = false
  ) -> OrderID? {
    let order = engine.state.nextOrder
    let limit = price(of: instrument, offset: offset).steps / Self.tick * Self.tick
    let isPlaced = attempt(
      .placeOrder(
        id,
        RestingOrder(
          id: order, instrument: instrument, side: side, remaining: Size(steps: steps),
          limit: Price(steps: limit), isReduceOnly: isReduceOnly)))
    return isPlaced ? order : nil
  }

  private mutating func reportDepth(_ instrument: InstrumentID, _ choice: Choice) {
    let bids = AttackScript.scaled(choice.amount, to: 0...20_000)
    let asks = AttackScript.scaled(choice.price, to: 0...20_000)
    attempt(
      .reportDepth([
        DepthReport(
          instrument: instrument, bids: Size(steps: bids), asks: Size(steps: asks))
      ]))
  }
}

extension AttackScript {
  /// What he holds most of the time; the perpetual more often than the others.
  var instrument: InstrumentID {
    switch number(.instrument, 0...5) {
    case 0...2: AttackWorld.perpetual
    case 3: AttackWorld.future
    default: AttackWorld.call
    }
  }

  /// The size of a position, steps: 1 to 2^17, specks in that family; evenly by its logarithm.
  var steps: Int64 {
    let most: Int64 = family == .dustSplitting ? 5_999 : 17_000
    let thousandths = number(.size, 0...most)
    return (1 << (thousandths / 1_000)) * (1_000 + thousandths % 1_000) / 1_000
  }
}
