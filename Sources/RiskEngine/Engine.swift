// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
public import Margin
public import Parameters
public import Quantities

/// The engine: `(state, command) → (state, events)`, nothing else.
///
/// It reads no clock, file, environment or generator. What it computes besides the ledger's
/// state (tables, risks) is a function of that state, made anew when it is restored.
public struct Engine: Sendable {
  public internal(set) var state: LedgerState
  /// The hash of the last record that was sealed.
  public internal(set) var hash: ChainHash
  /// The number of the last record.
  public internal(set) var sequence: UInt64
  /// The typed parameters in force.
  public internal(set) var rules: VenueRules
  /// The market as this block revalues it; absent until a block has marked every underlying.
  public internal(set) var valuation: Valuation?
  /// The risk of every account as of the last block, by dense index.
  public internal(set) var risks: [AccountRisk]
  /// Memory for the next block's risks.
  var spareRisks: [AccountRisk] = []
  /// How accounts are spread over workers; results do not depend on it.
  public var workers: AccountWorkers

  /// The events of the step in progress.
  var events: [LedgerEvent] = []
  /// Which account waits for which order.
  var waiting: [OrderID: AccountID] = [:]
  /// Who holds what, and who has changed since ``risks`` were taken.
  var venueIndex: VenueIndex
  /// Who has changed since the last block, for the ledger's rules and for taking a block back.
  var changes: AccountChanges
  /// Whether this is a moment at which margins are looked at.
  ///
  /// Where that is not in every block it holds during a block alone, so that a recovery between
  /// two commands cannot lose it.
  var isMarginCheck = false
  /// The account whose collateral has just found no buyer.
  ///
  /// Its positions are tried before it is offered again. Holds while that account is looked at,
  /// never from one command to the next.
  var passedOver: AccountID?
  /// All accounts as the sweep reads them; absent where measuring them one by one costs less.
  var rows: FollowedRows?
  /// How many accounts are worth rows; `nil` as many as instruments, and at least 256.
  var fewestInRows: Int?
  /// Working memory for single questions, once there is some.
  var scratch: RiskScratch?
  /// Who was asked in the deleveragings of the last step; absent where nobody wants to know.
  var keptDeleveragings: KeptInquiries<DeleveragingInquiry>?
  /// Who was asked to bear the losses of the last step; absent where nobody wants to know.
  var keptLosses: KeptInquiries<LossInquiry>?

  /// Opens a venue; its opening is the first record.
  public static func open(
    quote: Asset, parameters: ParameterSet, workers: AccountWorkers = .one
  ) throws(StepError) -> (engine: Engine, record: Record) {
    guard quote.decimals == 6 else {
      throw .refused(.outsideLimits("a quote currency without 6 decimals"))
    }
    let record = Record(
      sequence: 1, command: .openVenue(quote: quote, parameters),
      events: [.venueOpened(quote: quote, parameters)], after: .zero)
    let engine = try Engine(
      state: LedgerState(quote: quote, parameters: parameters), hash: record.hash,
      sequence: 1, workers: workers)
    return (engine, record)
  }

  /// The engine as it was after record `sequence`.
  public init(
    state: LedgerState, hash: ChainHash, sequence: UInt64, workers: AccountWorkers = .one
  ) throws(StepError) {
    self.state = state
    self.hash = hash
    self.sequence = sequence
    self.workers = workers
    do { rules = try VenueRules(state.parameters, listing: state.listing) } catch {
      throw .refused(.parameters(error))
    }
    risks = []
    venueIndex = VenueIndex(state)
    changes = AccountChanges(state)
    waiting = Self.waiting(state)
    refreshValuation()
  }

  private static func waiting(_ state: LedgerState) -> [OrderID: AccountID] {
    var waiting: [OrderID: AccountID] = [:]
    for account in state.accounts {
      guard let liquidation = account.liquidation else { continue }
      if let order = liquidation.order { waiting[order.id] = account.id }
      if let sale = liquidation.sale, sale.market != nil { waiting[sale.id] = account.id }
    }
    for pool in state.pools {
      if let order = pool.order { waiting[order.id] = pool.id }
    }
    if let order = state.hedge?.order?.order { waiting[order.id] = order.account }
    return waiting
  }

  /// Makes the valuation anew from the state; it is a function of the state and nothing else.
  ///
  /// - Returns: Why there is none.
  @discardableResult
  mutating func refreshValuation() -> MarginError? {
    venueIndex.noteMarketChanged()
    rows = nil
    do {
      valuation = try Valuation(state: state, rules: rules)
      return nil
    } catch {
      valuation = nil
      return error
    }
  }

  /// The same for a block, which changes nothing but the market.
  mutating func advanceValuation() -> MarginError? {
    guard var next = valuation.take(), next.listing.contracts.count == state.totals.count else {
      return refreshValuation()
    }
    venueIndex.noteMarketChanged()
    do {
      try next.advance(to: state)
      valuation = next
      return nil
    } catch { return error }
  }

  /// Takes one step: decides, records and applies.
  ///
  /// - Returns: The record, whose hash covers everything up to it.
  /// - Throws: ``StepError/refused(_:)`` leaves the engine as it was.
  public mutating func step(_ command: Command) throws(StepError) -> Record {
    let record = try decide(command).sealed(after: hash)
    hash = record.hash
    return record
  }

  /// Takes one step and leaves its record to be sealed by the caller, who may do that elsewhere
  /// while the next step is decided: no decision depends on a hash.
  ///
  /// Until the last one is given back by ``resume(at:)``, ``hash`` is an earlier record's.
  /// - Throws: As ``step(_:)``.
  public mutating func decide(_ command: Command) throws(StepError) -> Decision {
    beginEvents()
    switch command {
    case .advanceBlock(let instant, let samples):
      changes.begin(state)
      let (rest, valued, measured) = (state.withoutAccounts, valuation, risks)
      do { try advanceBlock(at: instant, samples: samples) } catch {
        if !events.isEmpty { takeBack(to: rest, valued, measured) }
        throw error
      }
    case .reportExecution(let report):
      do { try execute(report) } catch {
        // All checks come before the first event; what comes after it cannot be refused.
        guard case .refused = error, !events.isEmpty else { throw error }
        throw .broken(.balancesAreInsideLimits, afterSequence: sequence)
      }
    case .bidInAuction(let id, let bids):
      do { try bid(in: id, bids) } catch {
        guard case .refused = error, !events.isEmpty else { throw error }
        throw .broken(.balancesAreInsideLimits, afterSequence: sequence)
      }
    case .bidForCollateral(let id, let sale, let bids):
      do { try bid(for: id, sale, bids) } catch {
        guard case .refused = error, !events.isEmpty else { throw error }
        throw .broken(.balancesAreInsideLimits, afterSequence: sequence)
      }
    case .takeOffer(let keeper, let id, let size, let least):
      try requireCustomers(of: command)
      do { try take(id, by: keeper, size, leastReward: least) } catch {
        guard case .refused = error, !events.isEmpty else { throw error }
        throw .broken(.balancesAreInsideLimits, afterSequence: sequence)
      }
    default: try decideAtDoor(command)
    }
    sequence += 1
    return Decision(sequence: sequence, command: command, events: events)
  }

  /// Goes on after records that were sealed elsewhere.
  ///
  /// - Precondition: The hash is that of the last decision's record.
  public mutating func resume(at hash: ChainHash) { self.hash = hash }

  /// Takes a block back that cannot be gone through with; what follows from the state is made anew.
  private mutating func takeBack(
    to rest: LedgerState, _ valued: Valuation?, _ measured: [AccountRisk]
  ) {
    changes.takeBack(&state, to: rest)
    (valuation, risks) = (valued, measured)
    venueIndex = VenueIndex(state)
    waiting = Self.waiting(state)
    events = []
    keptDeleveragings?.removeAll()
    keptLosses?.removeAll()
  }

  /// Begins the events of a step.
  ///
  /// The last ones went along with their decision: emptied and not let go of, they would leave room
  /// for as many behind, and after a block with 200,000 events every report would ask for that.
  private mutating func beginEvents() {
    keptDeleveragings?.removeAll()
    keptLosses?.removeAll()
    events = []
    events.reserveCapacity(Self.usualEvents)
  }

  /// As many as a report or a command at the door makes, mostly.
  private static let usualEvents = 12

  /// Applies what a record says was decided, without deciding it; for recovery.
  public mutating func recover(_ record: Record) throws(StepError) {
    beginEvents()
    for event in record.events { try emit(event) }
    sequence = record.sequence
    hash = record.hash
  }

  /// Finishes a recovery: what is derived from the state is made anew.
  public mutating func finishRecovery() throws(StepError) {
    self = try Engine(state: state, hash: hash, sequence: sequence, workers: workers)
  }

  /// Records one fact and applies it; every cheap rule of the ledger is checked at once.
  mutating func emit(_ event: LedgerEvent) throws(StepError) {
    events.append(event)
    expect(event)
    state.apply(event)
    follow(event)
    guard !state.isOutsideLimits else { throw .refused(.outsideLimits("a balance")) }
    let broken = state.brokenAfterEvent(
      instrument: instrument(of: event), movesFund: event.movesUniverseFund)
    if let broken {
      throw .broken(broken, afterSequence: sequence)
    }
    switch event {
    case .liquidationOrderIssued(let order): waiting[order.id] = order.account
    case .liquidationOrderClosed(_, let order, _): waiting[order] = nil
    case .collateralOffered(let sale) where sale.market != nil: waiting[sale.id] = sale.account
    case .collateralSaleClosed(_, let sale, _): waiting[sale] = nil
    default: break
    }
  }

  /// Where a portfolio stands, found in the engine's own working memory: a single question
  /// allots none.
  mutating func measure(_ portfolio: borrowing Portfolio, _ valuation: Valuation) -> AccountRisk {
    prepareScratch(valuation)
    return scratch?.risk(of: portfolio, valuation) ?? .unmeasured
  }

  /// Where an account stands: as it was last measured, if nothing has changed of it since.
  mutating func risk(of index: Int, _ valuation: Valuation) -> AccountRisk {
    if index < risks.count, venueIndex.isUnchanged(index) { return risks[index] }
    if let risk = venueIndex.recentRisk(of: index) { return risk }
    // In place: handed to ``measure(_:_:)``, the portfolio would be copied.
    prepareScratch(valuation)
    let risk = scratch?.risk(of: state.accounts[index].portfolio, valuation) ?? .unmeasured
    venueIndex.remember(risk, of: index)
    return risk
  }

  private mutating func prepareScratch(_ valuation: Valuation) {
    if scratch?.fits(valuation) != true { scratch = valuation.makeScratch() }
  }

  /// The engine's working memory, to be put back after use: consumed, for its many arrays are
  /// many counts to change.
  mutating func takeScratch(_ valuation: Valuation) -> RiskScratch {
    if let memory = scratch.take(), valuation.fits(memory) { return memory }
    return valuation.makeScratch()
  }

  private func instrument(of event: LedgerEvent) -> Int? {
    switch event {
    case .traded(let trade): state.listing.index(of: trade.instrument)
    case .fundingSettled(let id, _, _), .profitsSettled(let id, _),
      .profitRealized(_, let id, _), .instrumentExpired(let id, _, _):
      state.listing.index(of: id)
    case .positionMoved(let move): state.listing.index(of: move.instrument)
    default: nil
    }
  }
}
