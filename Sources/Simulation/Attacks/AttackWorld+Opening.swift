// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine

// How an attack begins: with what he brings, which account is to fail and who is its other side.
extension AttackWorld {
  mutating func begin(_ script: AttackScript) {
    let (victim, instrument, steps) = (script.victim, script.instrument, script.steps)
    let size = Size(steps: script.isLong ? steps : -steps)
    let margin = initialMargin(of: size, instrument, in: victim)
    let worth = steps * unitValue(instrument)
    let fees = worth / 500 + 1_000
    // The friend can take all that the others hold.
    for id in script.friends { deposit(id, 8 * margin + worth / 4 + 1_000_000_000) }
    let room = margin / 1_000 * script.number(.deposit, 1_000...1_400) + fees
    if script.hasCoins {
      // A fifth is not counted, and a part more than that covers what it may lose.
      let part = room / 1_000 * script.number(.coins, 0...1_000)
      let coin = max(AttackPurse.coinPrice(self), 1)
      depositCoins(victim, Int64(Int128(part) * 14 * 1_000_000_000 / Int128(coin)))
      deposit(victim, room - part)
    } else {
      deposit(victim, room)
    }
    open(script, victim, instrument, steps)
    if script.isSet(.withdraws) { withdraw(victim, script.number(.withdrawn, 0...1_001)) }
  }

  private mutating func open(
    _ script: AttackScript, _ victim: AccountID, _ instrument: InstrumentID, _ steps: Int64
  ) {
    let side: Side = script.isLong ? .buy : .sell
    let other: AccountID
    var (offset, order): (Int64, OrderID?) = (0, nil)
    switch script.number(.opposition, 0...5) {
    case 0: other = maker(of: instrument)
    case 1:
      // An order of his own that rests in the book, and an honest taker.
      other = outsider(of: instrument)
      order = place(victim, side, instrument, steps, offset: 0)
    case 2, 3:
      other = Self.second
      if script.opensOffTheMark { offset = script.number(.offset, -4_900...4_900) }
    case 4:
      other = Self.second
      order = place(
        other, script.isLong ? .sell : .buy, instrument, steps, offset: 0)
    default: other = Self.quoting
    }
    trade(
      script.isLong ? victim : other, script.isLong ? other : victim, instrument, steps,
      offset: offset, order: order)
  }

  /// Of a position opened at the mark, millionths of the quote currency.
  private func initialMargin(
    of size: Size, _ instrument: InstrumentID, in id: AccountID
  ) -> Int64 {
    guard let valuation = engine.valuation, let account = account(id) else { return 0 }
    var trial = account.portfolio
    trial.balances[0] += trial.take(size, of: instrument, unitValue: unitValue(instrument))
    return valuation.risk(trial).initialMargin
  }

  /// What initial margin covers of the notional of the smallest perpetual position, millionths.
  var cover: Int64 {
    let margin = initialMargin(of: Size(steps: 100), Self.perpetual, in: Self.first)
    return margin * 1_000_000 / max(100 * unitValue(Self.perpetual), 1)
  }
}

extension AttackScript {
  /// The account that is to fail first.
  var victim: AccountID {
    switch number(.layout, 0...5) {
    case 2: AttackWorld.apart
    case 3: AttackWorld.below
    case 4: AttackWorld.third
    default: AttackWorld.first
    }
  }

  /// Who has money to stand against it.
  var friends: [AccountID] {
    number(.opposition, 0...5) == 5 || family == .requests || family == .balance
      ? [AttackWorld.second, AttackWorld.quoting] : [AttackWorld.second]
  }

  /// Which way he holds what is to fail: against the way the price goes first.
  var isLong: Bool { !isSet(.start) == isSet(.isWandering) }

  var hasCoins: Bool {
    switch family {
    case .conversion: true
    case .withdrawToTheEdge, .everything, .subaccounts: isSet(.coins)
    default: false
    }
  }

  var opensOffTheMark: Bool {
    switch family {
    case .washTrades, .everything: isSet(.offset)
    case .deleveraging, .subaccounts, .withdrawToTheEdge: raw(.offset) > 50_000
    default: false
    }
  }
}
