// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
public import Quantities

/// A position that can be traded, with where its account would stand without it, at the mark.
struct Closable {
  let position: ClosablePosition
  let without: Standing
}

// What the waterfall asks of a valuation.
extension Valuation {
  /// The positions of a portfolio that can still be traded, with what closing each would free.
  func closable(
    _ portfolio: Portfolio, risk: AccountRisk, at time: Timestamp, _ scratch: inout RiskScratch
  ) -> [Closable] {
    let open = portfolio.positions.filter { position in
      guard let index = listing.index(of: position.instrument) else { return false }
      return listing.contracts[index].kind.expiry.map { $0 > time } ?? true
    }
    var trial = portfolio
    return open.map { position in
      let after = standing(
        of: &trial, closing: position.size.magnitude, of: position.instrument, cost: .zero,
        &scratch)
      return Closable(
        position: ClosablePosition(
          instrument: position.instrument, size: position.size,
          notional: notional(position.size, of: position.instrument),
          relief: risk.maintenanceMargin + risk.liquidationBuffer - after.target),
        without: after)
    }
  }

  /// Where a portfolio would stand after closing a part of one position at the mark, less the
  /// expected cost of it.
  ///
  /// - Parameter trial: Changed in place and put back, so that a row of questions allots nothing.
  func standing(
    of trial: inout Portfolio, closing size: Size, of instrument: InstrumentID, cost: Rate,
    _ scratch: inout RiskScratch
  ) -> Standing {
    guard let index = listing.index(of: instrument),
      let asset = listing.index(of: listing.contracts[index].settlementAsset)
    else { return Standing(equity: .min, target: .max) }
    let slot = trial.slot(of: instrument)
    let position =
      slot.isHeld
      ? trial.positions[slot.index] : Position(instrument: instrument, size: .zero, cost: 0)
    let balance = trial.balances[asset]
    let held = position.size
    let traded = Size(steps: -held.sign * min(size.steps, held.steps.magnitude.asInt64))
    trial.balances[asset] += trial.take(
      traded, of: instrument, unitValue: marks[index].unitValue)
    let risk = risk(trial, &scratch)
    trial.balances[asset] = balance
    if slot.isHeld {
      if trial.slot(of: instrument).isHeld {
        trial.positions[slot.index] = position
      } else {
        trial.positions.insert(position, at: slot.index)
      }
    }
    let expected = cost.share(of: notional(traded, of: instrument), rounding: .up)
    return Standing(
      equity: risk.equity - expected, target: risk.maintenanceMargin + risk.liquidationBuffer)
  }

  /// Where a portfolio would stand after a trade at the mark that costs so much.
  ///
  /// - Parameter traded: Signed steps: what the portfolio takes.
  func standing(
    of portfolio: Portfolio, trading traded: Size, of instrument: Int, cost: Int64,
    _ scratch: inout RiskScratch
  ) -> Standing {
    let plain = standing(
      of: portfolio, trading: traded, of: instrument, at: marks[instrument].unitValue, &scratch)
    return Standing(
      equity: Int64(clamping: Int128(plain.equity) - Int128(cost)), target: plain.target)
  }

  /// Where a portfolio would stand after a trade at some unit value.
  ///
  /// - Parameter traded: Signed steps: what the portfolio takes.
  func standing(
    of portfolio: Portfolio, trading traded: Size, of instrument: Int, at unitValue: Int64,
    _ scratch: inout RiskScratch
  ) -> Standing {
    guard let asset = listing.index(of: listing.contracts[instrument].settlementAsset)
    else { return Standing(equity: .min, target: .max) }
    var after = portfolio
    after.balances[asset] += after.take(
      traded, of: listing.contracts[instrument].id, unitValue: unitValue)
    let risk = risk(after, &scratch)
    return Standing(
      equity: risk.equity, target: risk.maintenanceMargin + risk.liquidationBuffer)
  }

  /// Where a portfolio would stand after giving up so much of each position at the marks, which
  /// costs so much.
  ///
  /// - Parameter sizes: Of the positions in their order, signed as they are held.
  func standing(
    of portfolio: Portfolio, without sizes: [Size], cost: Int64, _ scratch: inout RiskScratch
  ) -> Standing {
    var after = portfolio
    for (position, size) in zip(portfolio.positions, sizes) where size != .zero {
      guard let index = listing.index(of: position.instrument),
        let asset = listing.index(of: listing.contracts[index].settlementAsset)
      else { return Standing(equity: .min, target: .max) }
      after.balances[asset] += after.take(
        -size, of: position.instrument, unitValue: marks[index].unitValue)
    }
    let risk = risk(after, &scratch)
    return Standing(
      equity: Int64(clamping: Int128(risk.equity) - Int128(cost)),
      target: risk.maintenanceMargin + risk.liquidationBuffer)
  }

  /// The prices at which one position of an account may be closed.
  ///
  /// Equity is allotted to the positions by notional, the fund's budget to those that settle in
  /// the same asset.
  /// - Parameters:
  ///   - equity: Of the whole account, millionths of the quote currency.
  ///   - fund: What the fund may add for those positions, ledger units of their asset.
  ///   - fundLimit: The unit value as far as which the fund pays, if not its own rule's.
  ///   - size: What is closed, if not what is held: a hedge counts as closing its opposite.
  ///   - requirement: The account's maintenance margin, for an order that is offered no further
  ///     from the mark than the venue's fillable price.
  func terms(
    for instrument: InstrumentID, in portfolio: Portfolio, equity: Int64, fund: Int64,
    fundLimit: Int64? = nil, size: Size? = nil, requirement: Int64? = nil
  ) -> ClosingTerms? {
    guard let index = listing.index(of: instrument),
      let asset = listing.index(of: listing.contracts[index].settlementAsset)
    else { return nil }
    let held = portfolio.size(of: instrument)
    let size = size ?? held
    let own = max(notional(size, of: instrument), 1)
    let added: Int128 = size == held ? 0 : Int128(own)
    let total = heldNotional(of: portfolio, least: 1) + added
    let sameAsset =
      heldNotional(of: portfolio, settlingIn: listing.contracts[index].settlementAsset, least: 1)
      + added
    let equityShare = (Int128(equity) * Int128(own)).divided(by: total, rounding: .down)
    let fundShare = (Int128(fund) * Int128(own)).divided(by: sameAsset, rounding: .down)
    let terms = closingTerms(
      contract: listing.contracts[index], size: size,
      unitValue: marks[index].unitValue,
      equityShare: units(ofQuote: Int64(clamping: equityShare), asset: asset, rounding: .down),
      fundShare: Int64(clamping: fundShare),
      fundLimit: fundLimit ?? self.fundLimit(index, size))
    guard let requirement,
      let most = givenUp(own, of: total, equity: equity, requirement: requirement)
    else { return terms }
    return terms.giving(
      atMost: units(ofQuote: most, asset: asset, rounding: .down), of: size,
      unitValue: marks[index].unitValue, contract: listing.contracts[index])
  }

  /// What a position may give up against the mark by the venue's fillable price, millionths of the
  /// quote currency; `nil` where it states none.
  ///
  /// Maintenance margin is allotted as equity is: by notional.
  private func givenUp(
    _ own: Int64, of total: Int128, equity: Int64, requirement: Int64
  ) -> Int64? {
    guard let price = rules.liquidation.sizing.fillable else { return nil }
    let whole = min(max(requirement, 0), Amount.limit)
    let maintenance = (Int128(whole) * Int128(own)).divided(by: total, rounding: .down)
    return MarginAllotment(
      notional: 0, maintenance: Int64(clamping: maintenance),
      equity: min(max(equity, -Amount.limit), Amount.limit), accountMaintenance: max(whole, 1)
    )?.givenUp(adjustment: price.adjustment, spread: price.spread)
  }

  /// What a portfolio holds at the marks, longs and shorts together; millionths of the quote
  /// currency.
  ///
  /// - Parameters:
  ///   - asset: Only what settles in it; `nil` for everything.
  ///   - least: What a position counts for at least.
  public func heldNotional(
    of portfolio: Portfolio, settlingIn asset: Asset? = nil, least: Int64 = 0
  ) -> Int128 {
    var held: Int128 = 0
    for position in portfolio.positions {
      guard let index = listing.index(of: position.instrument),
        asset == nil || asset == listing.contracts[index].settlementAsset
      else { continue }
      held += Int128(max(notional(position.size, of: position.instrument), least))
    }
    return held
  }

  /// The maintenance margin of what a portfolio keeps once all its positions are closed at the
  /// marks.
  func keptMargin(of portfolio: Portfolio) -> Int64 {
    var kept = portfolio
    for position in portfolio.positions {
      guard let index = listing.index(of: position.instrument),
        let asset = listing.index(of: listing.contracts[index].settlementAsset)
      else { continue }
      kept.balances[asset] += kept.take(
        -position.size, of: position.instrument, unitValue: marks[index].unitValue)
    }
    return risk(kept).maintenanceMargin
  }

  /// The maintenance margin of positions taken over at the marks, for one who has nothing else.
  func margin(ofTaking positions: [AuctionedPosition], _ mode: MarginMode) -> Int64 {
    var taken = Portfolio(
      mode: mode, balances: Array(repeating: 0, count: listing.collateral.count))
    for position in positions {
      guard let index = listing.index(of: position.instrument) else { continue }
      _ = taken.take(
        position.size, of: position.instrument, unitValue: marks[index].unitValue)
    }
    return risk(taken).maintenanceMargin
  }

  /// The part of an account's equity that falls to some of a position, by notional at the marks;
  /// rounded down, nothing of an account that has none.
  ///
  /// - Parameter size: Not negative.
  func equityShare(
    of size: Size, of instrument: InstrumentID, in portfolio: Portfolio, equity: Int64
  ) -> Int64 {
    let own = Int128(notional(size, of: instrument))
    let total = heldNotional(of: portfolio)
    guard total > own else { return max(equity, 0) }
    return Int64(
      clamping: (Int128(max(equity, 0)) * own).divided(by: total, rounding: .down))
  }

  /// The unit value at the edge of the band around the mark, or nearer where the fund is to pay
  /// for less, on the side on which a position loses; `nil` where the contract has no such price.
  private func fundLimit(_ index: Int, _ size: Size) -> Int64? {
    let contract = listing.contracts[index]
    let mark = marks[index].price
    let band = rules.clearing.bandWidth(around: mark, tick: contract.tick)
    let slippage = rules.liquidation.losses.fund.slippage
    let width = slippage.map { min($0.share(of: mark.steps, rounding: .up), band) } ?? band
    let steps = min(max(mark.steps - size.sign * width, 0), contract.highestPrice.steps)
    return try? contract.unitValue(at: Price(steps: steps))
  }
}

extension UInt64 {
  /// The same number; sizes are far below the limit.
  fileprivate var asInt64: Int64 { Int64(clamping: self) }
}
