// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Positions of an account in liquidation are closed against those of others.
extension Engine {
  /// Closes the account's positions against opposite ones, by the venue's rule and at its price.
  ///
  /// - Returns: Whether anything was closed; if not, the account waits for counterparties.
  mutating func deleverage(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    var closedAny = false
    for position in account.portfolio.positions {
      guard let instrument = state.listing.index(of: position.instrument),
        state.listing.contracts[instrument].kind.expiry.map({ $0 > state.time }) ?? true,
        let unitValue = deleveragingValue(of: position, account, risk, valuation)
      else { continue }
      let queue = Opposition(
        position: position, instrument: instrument, unitValue: unitValue,
        rule: deleveragingRule(of: account.id, in: instrument))
      if try close(queue, of: account.id, valuation) { closedAny = true }
    }
    return closedAny
  }

  /// The unit value at which a position is closed against others, by the venue's rule.
  ///
  /// Between mark and bankruptcy price every step is paid by the fund or given up by whoever is on
  /// the other side: by the fund first, as far as it may spend on one account.
  private func deleveragingValue(
    of position: Position, _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) -> Int64? {
    let id = position.instrument
    let price = rules.liquidation.losses.price
    guard let mark = valuation.mark(of: id)?.unitValue,
      let terms = valuation.terms(
        for: id, in: account.portfolio, equity: risk.equity,
        fund: price == .funded ? fundBudget(for: id) : 0, fundLimit: mark)
    else { return nil }
    switch price {
    case .mark: return mark
    case .bankruptcy: return terms.bankruptcyUnitValue
    case .funded:
      // What is left of a solvent account is its own.
      let limit = terms.limitUnitValue
      return position.size.sign > 0 ? max(limit, mark) : min(limit, mark)
    }
  }

  /// The rule in force; where an account is drawn, from the time, the account and the market.
  func deleveragingRule(of account: AccountID, in instrument: Int) -> DeleveragingRule {
    switch rules.liquidation.losses.queue {
    case .profitTimesLeverage: .profitTimesLeverage
    case .leverageDraining: .leverageDraining
    case .priceRatioTimesLeverage: .priceRatioTimesLeverage
    case .proRata: .proRata
    case .randomStart:
      .randomStart(
        seed: state.block << 32 ^ UInt64(account.number) << 16 ^ UInt64(instrument)
          ^ UInt64(bitPattern: state.time.nanoseconds))
    }
  }

  /// Closes one position against the winners opposite and, if leverages are drained and their size
  /// does not suffice, against the others opposite.
  private mutating func close(
    _ queue: Opposition, of id: AccountID, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    let question = DeleveragingQuestion(
      size: queue.position.size.magnitude, side: queue.candidateSide, rule: queue.rule)
    let (winners, cuts, level) = allocate(question, queue, valuation, winning: true)
    guard canHold(cuts, queue, of: id) else { return false }
    try trade(cuts, queue, of: id, question, level: level, among: winners)
    let missing = cuts.reduce(question.size) { $0 - $1.size }
    guard queue.rule == .leverageDraining, missing > .zero else { return !cuts.isEmpty }
    let further = DeleveragingQuestion(
      size: missing, side: question.side, rule: queue.rule, requiresProfit: false)
    let (others, rest, last) = allocate(further, queue, valuation, winning: false)
    guard canHold(rest, queue, of: id) else { return !cuts.isEmpty }
    try trade(rest, queue, of: id, further, level: last, among: others)
    return !cuts.isEmpty || !rest.isEmpty
  }

  /// Who takes part, and what of each: who could not hold what he would realize is passed over,
  /// or the step in which it happens could not be gone through with.
  private mutating func allocate(
    _ question: DeleveragingQuestion, _ queue: Opposition, _ valuation: Valuation, winning: Bool
  ) -> (candidates: [DeleveragingCandidate], cuts: [DeleveragingCut], level: Int64?) {
    var candidates = gather(queue, valuation, winning: winning)
    guard let asset = state.settlementIndex(of: queue.position.instrument) else {
      return (candidates, [], nil)
    }
    while true {
      let (cuts, level) = question.allocate(among: candidates)
      var full: Set<AccountID> = []
      for cut in cuts {
        guard let index = state.index(of: cut.account),
          Self.canHold(
            cut, queue, state.accounts[index].portfolio.positions,
            balance: state.accounts[index].portfolio.balances[asset])
        else {
          full.insert(cut.account)
          continue
        }
      }
      if full.isEmpty { return (candidates, cuts, level) }
      candidates.removeAll { full.contains($0.account) }
    }
  }

  /// Whether one that is cut can; without the engine, of which each question would take a copy.
  private static func canHold(
    _ cut: DeleveragingCut, _ queue: Opposition, _ positions: [Position], balance: Int64
  ) -> Bool {
    guard var position = positions.first(where: { $0.instrument == queue.position.instrument })
    else { return false }
    let realized = position.trade(
      queue.position.size.sign > 0 ? cut.size : -cut.size, unitValue: queue.unitValue)
    return (balance + realized).magnitude <= Amount.limit.magnitude
  }

  /// Whether the account that is closed can hold what it realizes, cut after cut.
  private func canHold(
    _ cuts: [DeleveragingCut], _ queue: Opposition, of id: AccountID
  ) -> Bool {
    guard let index = state.index(of: id),
      let asset = state.settlementIndex(of: queue.position.instrument)
    else { return false }
    let portfolio = state.accounts[index].portfolio
    let slot = portfolio.slot(of: queue.position.instrument)
    guard slot.isHeld else { return false }
    var (position, balance) = (portfolio.positions[slot.index], portfolio.balances[asset])
    let isLong = position.size.sign > 0
    return cuts.allSatisfy { cut in
      balance += position.trade(isLong ? -cut.size : cut.size, unitValue: queue.unitValue)
      return balance.magnitude <= Amount.limit.magnitude
    }
  }

  /// Records who is cut and how the cuts were found, and books them.
  ///
  /// Under the oldest rule the trades are the record.
  private mutating func trade(
    _ cuts: [DeleveragingCut], _ queue: Opposition, of id: AccountID,
    _ question: DeleveragingQuestion, level: Int64?, among candidates: [DeleveragingCandidate]
  ) throws(StepError) {
    guard !cuts.isEmpty else { return }
    let instrument = queue.position.instrument
    if queue.rule != .profitTimesLeverage {
      var seed: UInt64 = 0
      if case .randomStart(let drawn) = queue.rule { seed = drawn }
      try emit(
        .deleveragingAllocated(
          DeleveragingAllocation(
            account: id, instrument: instrument,
            rule: UInt8(clamping: rules.liquidation.losses.queue.rawValue),
            isWidened: !question.requiresProfit, size: question.size, unitValue: queue.unitValue,
            level: level ?? 0, seed: seed, cuts: cuts.map { ($0.account, $0.size) })))
    }
    let contract = state.listing.contracts[queue.instrument]
    let mark = state.marks[queue.instrument].price
    let price = (try? contract.price(ofUnitValue: queue.unitValue, rounding: .halfEven)) ?? mark
    let (time, block) = (state.time, state.block)
    keptDeleveragings?.append { namesAll in
      let named =
        namesAll
        ? question.witnesses(among: candidates, cuts: cuts, level: level)
        : DeleveragingQuestion.cut(of: candidates.sorted { $0.account < $1.account }, cuts)
      return DeleveragingInquiry(
        time: time, block: block, account: id, contract: contract, question: question,
        price: price, mark: mark, level: level, cuts: cuts, candidates: named,
        omitted: candidates.count - named.count)
    }
    let sells = queue.position.size.sign > 0
    // Room for many at once; asked for each time, a block of many small ones would copy all again.
    if cuts.count > events.count { events.reserveCapacity(events.count + cuts.count) }
    for cut in cuts {
      try emit(
        .traded(
          Trade(
            instrument: instrument, buyer: sells ? cut.account : id,
            seller: sells ? id : cut.account, size: cut.size, unitValue: queue.unitValue,
            price: price, cause: .deleveraging)))
    }
  }
}

// MARK: Candidates

/// A position to close and by which rule others take part in it.
struct Opposition {
  let position: Position
  /// Dense index.
  let instrument: Int
  /// At which both sides trade.
  let unitValue: Int64
  let rule: DeleveragingRule

  /// The side of those who could take it.
  var candidateSide: Side { position.size.sign < 0 ? .buy : .sell }
}

/// A figure of an account that was found on the way to something else.
struct FoundFigure {
  /// Dense index.
  let account: Int
  let value: Int64
}

/// What had to be looked at for a question about holders, and need not be for the next.
struct FoundFigures {
  var equities: [FoundFigure] = []
  /// To the underlying of the position in question.
  var exposures: [FoundFigure] = []
}

extension Engine {
  /// The same candidates, and what was measured on the way is remembered: who is asked about again
  /// before he changes is not measured again.
  private mutating func gather(
    _ queue: Opposition, _ valuation: Valuation, winning: Bool
  ) -> [DeleveragingCandidate] {
    var found = FoundFigures()
    venueIndex.bringUp(queue.instrument, state)
    let candidates = opposing(queue, valuation, winning: winning, &found)
    for one in found.equities { venueIndex.remember(one.value, of: one.account) }
    venueIndex.remember(
      found.exposures, to: state.listing.contracts[queue.instrument].underlying)
    return candidates
  }

  /// The healthy accounts on the other side of a position, as they would stand with all of theirs
  /// closed at the execution value.
  ///
  /// - Parameters:
  ///   - winning: Those with a profit at that value, or the others.
  ///   - found: What had to be measured is added.
  /// - Precondition: The index was brought up for the instrument.
  func opposing(
    _ queue: Opposition, _ valuation: Valuation, winning: Bool, _ found: inout FoundFigures
  ) -> [DeleveragingCandidate] {
    let id = queue.position.instrument
    guard let asset = state.settlementIndex(of: id) else { return [] }
    let contract = state.listing.contracts[queue.instrument]
    let mark = valuation.marks[queue.instrument].unitValue
    let worth = valuation.worth(of: asset)
    let drained =
      queue.rule == .leverageDraining
      ? valuation.factorExposures(to: contract.underlying) : nil
    let holdings = venueIndex.holdings(
      of: queue.instrument, queue.candidateSide, winning: winning, at: queue.unitValue)
    let equities = equities(of: holdings, valuation, &found)
    let exposures =
      drained.map { self.exposures(of: holdings, to: contract.underlying, $0, valuation, &found) }
      ?? []
    // Locals: whatever the loop asks of the engine or of a contract, it would copy at every holder.
    let (isOption, unitValue) = (contract.isOption, queue.unitValue)
    let perStep = drained.map { Int128($0.contracts[queue.instrument]) }
    var candidates: [DeleveragingCandidate] = []
    candidates.reserveCapacity(holdings.count)
    for (place, holding) in holdings.enumerated() {
      let other = holding.position
      let notional: Int64
      var exposure: Int64?
      if let perStep {
        let own = Int128(other.size.steps) * perStep
        notional = max(Int64(clamping: own.magnitude / 1_000_000), 1)
        // On the position's side: what hedges it is negative.
        exposure = own < 0 ? -exposures[place] : exposures[place]
      } else {
        notional =
          isOption ? valuation.notional(other.size, of: id) : worth(abs(other.size.steps * mark))
      }
      let change = worth(other.size.steps * (unitValue - mark))
      candidates.append(
        DeleveragingCandidate(
          account: holding.id, size: other.size.magnitude,
          profit: worth(other.unrealizedProfit(unitValue: unitValue)), notional: notional,
          equity: Int64(clamping: Int128(equities[place]) + Int128(change)), exposure: exposure))
    }
    return candidates
  }

  /// The equities of holders' accounts as they stand now.
  ///
  /// - Parameter found: What had to be measured is added.
  private func equities(
    of holdings: [Holding], _ valuation: Valuation, _ found: inout FoundFigures
  ) -> [Int64] {
    var known = venueIndex.equities(of: holdings)
    guard !known.missing.isEmpty else { return known.values }
    var memory = valuation.makeScratch()
    let accounts = state.accounts.span
    for place in known.missing {
      let index = Int(holdings[place].account)
      let equity = valuation.risk(accounts[index].portfolio, &memory).equity
      known.values[place] = equity
      found.equities.append(FoundFigure(account: index, value: equity))
    }
    return known.values
  }

  /// What holders' accounts are exposed to an underlying as they stand now.
  ///
  /// - Parameter found: What had to be summed is added.
  private func exposures(
    of holdings: [Holding], to underlying: AssetSymbol, _ exposures: FactorExposures,
    _ valuation: Valuation, _ found: inout FoundFigures
  ) -> [Int64] {
    var known = venueIndex.exposures(of: holdings, to: underlying)
    let accounts = state.accounts.span
    for place in known.missing {
      let index = Int(holdings[place].account)
      let exposure = Self.exposure(of: accounts[index].portfolio, exposures, valuation)
      known.values[place] = exposure
      found.exposures.append(FoundFigure(account: index, value: exposure))
    }
    return known.values
  }

  /// What an account is exposed, coins it holds included; signed, millionths of the quote currency.
  private static func exposure(
    of portfolio: borrowing Portfolio, _ exposures: FactorExposures, _ valuation: Valuation
  ) -> Int64 {
    let listing = valuation.listing
    var sum: Int128 = 0
    for slot in portfolio.positions.indices {
      let position = portfolio.positions[slot]
      guard let place = listing.index(of: position.instrument) else { continue }
      sum += Int128(position.size.steps) * Int128(exposures.contracts[place])
    }
    var total = sum / 1_000_000
    for asset in exposures.collateral.indices where exposures.collateral[asset] != 0 {
      let units = portfolio.balances[asset]
      guard units != 0 else { continue }
      let value = Int128(valuation.quote(units, asset: asset))
      total += value * Int128(exposures.collateral[asset]) / 1_000_000_000
    }
    // The lowest number stands for what is not known, and has no opposite.
    return Int64(clamping: max(total, -Int128(Int64.max)))
  }

  /// Where an account stands: as it was measured in this block, if nothing has changed since.
  func standing(
    _ account: Int, _ valuation: Valuation, _ scratch: inout RiskScratch
  ) -> AccountRisk {
    account < risks.count && venueIndex.isUnchanged(account)
      ? risks[account] : valuation.risk(state.accounts[account].portfolio, &scratch)
  }
}
