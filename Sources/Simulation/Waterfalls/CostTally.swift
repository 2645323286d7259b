// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine

/// Follows a replay's events and says of every unit that traders gained or lost what it was for.
///
/// Traders are all accounts but ``outsiders``: makers and whatever else stands for the rest of
/// the market. Their wealth in an asset is their balances and the value of their positions that
/// settle in it, at the marks. Every event that changes it is one flow, so the flows since the
/// venue opened add up to the wealth there is, to the unit.
struct CostTally {
  /// What a change of wealth was for.
  enum Flow: Int, CaseIterable {
    case market
    case funding
    /// Trades that no liquidation made, against the mark, and their fees.
    case trading
    case slippage
    case penalty
    case fee
    case deleveraging
    case socialized
    /// What the insurance fund paid.
    case cover
    case conversion
    case premium
    /// Deposits less withdrawals.
    case outside
  }

  /// Accounts that are no traders.
  private(set) var outsiders: Set<AccountID> = []
  private(set) var costs = WaterfallCosts()
  /// By flow, then by asset; ledger units.
  private var flows: [[Int128]] = []
  /// Steps of each instrument that traders hold, longs less shorts.
  private var netSizes: [Int64] = []
  private var marks: [InstrumentMark] = []
  private var stages: [AccountID: LiquidationStage] = [:]
  /// What each liquidation under way has cost until now.
  private var open: [AccountID: WaterfallCosts] = [:]
  /// Who has just sold an asset for whom: the fund pays the seller next.
  private var sale: (seller: AccountID, debtor: AccountID)?
  /// What an account in liquidation has just given of its collateral, at the index.
  private var given: (account: AccountID, value: Int64)?
  private var isExecution = false
  private var bankrupt: Set<AccountID> = []
  private var cuts: [Cut] = []
  private var marginSum: Int128 = 0
  private var marginBlocks: Int128 = 0

  /// A position that was taken from a winner and whose later price is still to come.
  private struct Cut {
    let instrument: Int
    /// Of the position's sign.
    let size: Int64
    let unitValue: Int64
    let due: Timestamp
  }

  /// How long after a deleveraging its price is compared with the mark again.
  static let laterAfter = TimeSpan.hour

  /// One cost of one liquidation.
  struct Charge {
    /// The account in liquidation.
    let account: AccountID
    let bearer: CostBearer
    /// Millionths of the quote currency.
    let amount: Int64
  }

  /// How much a flow changed what traders have of an asset.
  func flow(_ flow: Flow, asset: Int) -> Int128 {
    flows.indices.contains(flow.rawValue) && asset < flows[flow.rawValue].count
      ? flows[flow.rawValue][asset] : 0
  }

  mutating func exclude(_ accounts: [AccountID]) { outsiders.formUnion(accounts) }

  /// Makes room for what a record may bring, before its events; `engine` is as it was after it.
  mutating func begin(_ record: Record, _ engine: Engine) {
    let assets = engine.state.listing.collateral.count
    if flows.first?.count != assets {
      let blank = [Int128](repeating: 0, count: assets)
      flows = Flow.allCases.map { flow in
        flow.rawValue < flows.count
          ? flows[flow.rawValue] + blank.dropFirst(flows[flow.rawValue].count) : blank
      }
    }
    let missing = engine.state.listing.contracts.count - netSizes.count
    netSizes += [Int64](repeating: 0, count: max(missing, 0))
    isExecution = if case .reportExecution = record.command { true } else { false }
  }

  /// Takes in one event of the record that was begun.
  ///
  /// - Returns: What it cost the liquidations under way.
  mutating func take(_ event: LedgerEvent, _ engine: Engine) -> Charge? {
    switch event {
    case .instrumentsMarked(let marks): remark(marks, engine)
    case .fundingSettled(let id, _, let unitPayment):
      guard let index = engine.state.listing.index(of: id) else { return nil }
      add(-Int128(netSizes[index]) * Int128(unitPayment), .funding, of: index, engine)
    case .instrumentExpired(let id, _, let unitValue):
      guard let index = engine.state.listing.index(of: id) else { return nil }
      let change = Int128(unitValue) - Int128(mark(index))
      add(Int128(netSizes[index]) * change, .market, of: index, engine)
      netSizes[index] = 0
    case .traded(let trade): return take(trade, engine)
    case .transferred(let transfer): return take(transfer, engine)
    case .auctionBidFilled(let fill): return pay(fill.fundPaid, for: fill.account)
    case .liquidationStarted(let id, _):
      stages[id] = .cancelOrders
      open[id] = WaterfallCosts()
    case .liquidationStageEntered(let id, let stage): stages[id] = stage
    case .liquidationEnded(let id, _): stages[id] = nil
    case .poolOpened(let id, _), .hedgeOpened(let id): exclude([id])
    default: break
    }
    return nil
  }

  /// What a liquidation that is over, or will not be followed any more, has cost.
  mutating func close(_ account: AccountID) -> WaterfallCosts {
    open.removeValue(forKey: account) ?? WaterfallCosts()
  }

  // MARK: Costs

  private mutating func charge(
    _ account: AccountID, _ amount: Int64, _ kind: WaterfallCosts.Kind,
    at stage: LiquidationStage
  ) -> Charge {
    costs.add(amount, kind, at: stage)
    open[account]?.add(amount, kind, at: stage)
    return Charge(account: account, bearer: kind.bearer, amount: amount)
  }

  /// The fund gives something for an account, in liquidation or not.
  private mutating func pay(_ amount: Int64, for account: AccountID) -> Charge? {
    guard amount != 0 else { return nil }
    let stage = stages[account] ?? .insuranceFund
    costs.pay(amount, at: stage)
    open[account]?.pay(amount, at: stage)
    return Charge(account: account, bearer: .fund, amount: amount)
  }

  private func mark(_ instrument: Int) -> Int64 {
    instrument < marks.count ? marks[instrument].unitValue : 0
  }

  private mutating func add(_ units: Int128, _ flow: Flow, of instrument: Int, _ engine: Engine) {
    let listing = engine.state.listing
    guard let asset = listing.index(of: listing.contracts[instrument].settlementAsset) else {
      return
    }
    flows[flow.rawValue][asset] += units
  }

  private mutating func remark(_ new: [InstrumentMark], _ engine: Engine) {
    for index in new.indices where index < netSizes.count && netSizes[index] != 0 {
      let change = Int128(new[index].unitValue) - Int128(mark(index))
      add(Int128(netSizes[index]) * change, .market, of: index, engine)
    }
    marks = new
  }
}

// MARK: Trades

extension CostTally {
  private mutating func take(_ trade: Trade, _ engine: Engine) -> Charge? {
    guard let index = engine.state.listing.index(of: trade.instrument) else { return nil }
    let gain = Int128(trade.size.steps) * (Int128(mark(index)) - Int128(trade.unitValue))
    let flow: Flow =
      switch trade.cause {
      case .liquidation, .auction, .pool: .slippage
      case .deleveraging: .deleveraging
      default: .trading
      }
    for (id, sign) in [(trade.buyer, Int64(1)), (trade.seller, -1)] where !outsiders.contains(id) {
      netSizes[index] += sign * trade.size.steps
      add(Int128(sign) * gain, flow, of: index, engine)
    }
    switch trade.cause {
    case .liquidation, .pool:
      guard let (id, stage) = liquidated(trade) else { return nil }
      let loss = id == trade.buyer ? -gain : gain
      return charge(id, value(loss, of: trade.instrument, engine), .slippage, at: stage)
    case .deleveraging:
      guard let (id, stage) = liquidated(trade) else { return nil }
      // What the account in liquidation gains against the mark its counterparty gives up.
      let given = id == trade.buyer ? gain : -gain
      // One of the two loses against the mark; what the other gains makes nothing cheaper.
      let charge = charge(
        id, value(given < 0 ? -given : given, of: trade.instrument, engine),
        given < 0 ? .slippage : .deleveraging, at: stage)
      if given > 0 { bankrupt.insert(id) }
      let size = id == trade.buyer ? trade.size.steps : -trade.size.steps
      cuts.append(
        Cut(
          instrument: index, size: size, unitValue: trade.unitValue,
          due: engine.state.time + Self.laterAfter))
      return charge
    default: return nil
    }
  }

  /// Which side of a trade is being liquidated, and at which stage.
  private func liquidated(_ trade: Trade) -> (AccountID, LiquidationStage)? {
    for id in [trade.seller, trade.buyer] {
      if let stage = stages[id] { return (id, stage) }
    }
    return nil
  }

  private func value(_ units: Int128, of instrument: InstrumentID, _ engine: Engine) -> Int64 {
    engine.valuation?.quote(Int64(clamping: units), of: instrument) ?? 0
  }
}

// MARK: Transfers

extension CostTally {
  private mutating func take(_ transfer: Transfer, _ engine: Engine) -> Charge? {
    guard let asset = engine.state.listing.index(of: transfer.amount.asset) else { return nil }
    let flow = Self.flow(of: transfer.reason, isExecution: isExecution)
    let units = Int128(transfer.amount.units)
    if isTrader(transfer.from) { flows[flow.rawValue][asset] -= units }
    if isTrader(transfer.to) { flows[flow.rawValue][asset] += units }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    switch (transfer.reason, transfer.from, transfer.to) {
    case (.liquidationPenalty, .account(let id), let to):
      if case .account = to {
        costs.keeperRewards = WaterfallCosts.sum(costs.keeperRewards, value)
      }
      return charge(id, value, .penalty, at: stages[id] ?? .cancelOrders)
    case (.keeperReward, .account(let id), _):
      costs.keeperRewards = WaterfallCosts.sum(costs.keeperRewards, value)
      return charge(id, value, .penalty, at: stages[id] ?? .partial)
    case (.auctionDiscount, .account(let id), _):
      return charge(id, value, .slippage, at: stages[id] ?? .auction)
    case (.tradingFee, .account(let id), _):
      guard isExecution, let stage = stages[id] else { return nil }
      return charge(id, value, .fee, at: stage)
    case (.collateralSale, .account(let id), _) where stages[id] != nil:
      given = (id, value)
      return nil
    case (.collateralSale, _, .account(let id)):
      guard let sold = given, sold.account == id, let stage = stages[id] else { return nil }
      given = nil
      return charge(id, sold.value - value, .slippage, at: stage)
    case (.conversionFee, .account(let id), _):
      return charge(id, value, .fee, at: stages[id] ?? .cancelOrders)
    case (.relayFee, .account(let id), _):
      return stages[id].map { charge(id, value, .fee, at: $0) }
    case (.rightsPayment, _, .account(let id)):
      // What is paid for the right to its slice makes a liquidation cheaper.
      return stages[id].map { charge(id, -value, .penalty, at: $0) }
    case (.socializedLoss, _, .account(let id)):
      bankrupt.insert(id)
      return charge(id, value, .socialized, at: .socializedLoss)
    case (.conversion, .account(let seller), .account(let debtor)):
      sale = (seller, debtor)
      return nil
    case (.profitPrice, _, _):
      sale = nil
      return nil
    case (.insuranceCover, _, .account(let id)):
      if stages[id] != nil { bankrupt.insert(id) }
      let debtor = sale.flatMap { $0.seller == id ? $0.debtor : nil } ?? id
      sale = nil
      return pay(value, for: debtor)
    default: return nil
    }
  }

  private func isTrader(_ account: LedgerAccount) -> Bool {
    if case .account(let id) = account { !outsiders.contains(id) } else { false }
  }

  private static func flow(of reason: TransferReason, isExecution: Bool) -> Flow {
    switch reason {
    case .deposit, .withdrawal, .fundContribution: .outside
    case .liquidationPenalty: .penalty
    case .insuranceCover: .cover
    case .socializedLoss: .socialized
    case .tradingFee, .makerRebate: isExecution ? .fee : .trading
    case .gapPremium, .interest, .fundSurcharge: .premium
    case .lossRecovery: .socialized
    case .conversion: .conversion
    case .ownMove, .poolDeposit, .poolWithdrawal, .poolGain, .hedgeCapital, .hedgeReturn,
      .feeShare:
      .outside
    case .auctionDiscount, .auctionReward: .slippage
    case .keeperReward, .rightsPayment: .penalty
    case .rightsDeposit, .rightsReturn, .rightsForfeit: .outside
    case .entryFee, .entryRebate, .relayFee: isExecution ? .fee : .trading
    case .collateralSale, .conversionFee, .profitPrice: .conversion
    }
  }
}

// MARK: Blocks

extension CostTally {
  /// Takes a look at the venue after a block and everything that followed from it.
  ///
  /// - Parameter openInterest: Millionths of the quote currency.
  mutating func record(_ engine: Engine, openInterest: Int64) {
    var margin: Int128 = 0
    for (index, risk) in engine.risks.enumerated() where index < engine.state.accounts.count {
      let id = engine.state.accounts[index].id
      guard !outsiders.contains(id) else { continue }
      margin += Int128(risk.initialMargin)
      if risk.equity < 0 { bankrupt.insert(id) }
    }
    if openInterest > 0 {
      marginSum += (margin * 1_000_000_000).divided(by: Int128(openInterest), rounding: .halfEven)
      marginBlocks += 1
    }
    settle(upTo: engine.state.time, engine)
  }

  private mutating func settle(upTo time: Timestamp, _ engine: Engine) {
    for cut in cuts where cut.due <= time {
      let change = Int128(mark(cut.instrument)) - Int128(cut.unitValue)
      let id = engine.state.listing.contracts[cut.instrument].id
      costs.deleveragedLater = WaterfallCosts.sum(
        costs.deleveragedLater, value(Int128(cut.size) * change, of: id, engine))
    }
    cuts.removeAll { $0.due <= time }
  }

  /// The costs of the whole replay; what is still to be compared is compared with the last mark.
  mutating func finish(_ engine: Engine) -> WaterfallCosts {
    settle(upTo: engine.state.time + Self.laterAfter, engine)
    costs.bankruptAccounts = bankrupt.count
    if marginBlocks > 0 {
      costs.meanMargin = Int64(
        clamping: marginSum.divided(by: marginBlocks, rounding: .halfEven))
    }
    return costs
  }
}
