// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What the venue knows of the outside through which liquidations are executed: the depth of its
/// books and what is offered there; empty unless something was reported or offered.
public struct ExecutionBook: Hashable, Sendable {
  /// Sorted by instrument; only markets of which depth was reported.
  public internal(set) var depths: [MarketDepth] = []

  /// Open requests for quotes, sorted by account; one of an account.
  public internal(set) var requests: [QuoteRequest] = []
  /// Who may pass makers' answers on, ascending.
  public internal(set) var relayers: [AccountID] = []
  /// What gas was last said to cost.
  public internal(set) var gas: GasReading?
  /// Open offers to keepers, sorted by account; one of an account.
  public internal(set) var offers: [KeeperOffer] = []
  /// Open sales of rights, sorted by account; one of an account.
  public internal(set) var sales: [RightsSale] = []
  /// What bidders in them have locked, ledger units of the quote currency.
  public internal(set) var deposits: Int64 = 0
  /// Sorted by account.
  public internal(set) var tried: [TriedSeams] = []
  /// The number of the last offer of any kind; 0 before the first.
  public internal(set) var last: UInt64 = 0

  public init() {}

  public var isEmpty: Bool {
    depths.isEmpty && requests.isEmpty && tried.isEmpty && last == 0 && gas == nil
      && offers.isEmpty && sales.isEmpty && deposits == 0 && relayers.isEmpty
  }

  public func request(_ id: UInt64) -> QuoteRequest? { requests.first { $0.id == id } }

  /// The open request for an account's slice.
  public func request(of account: AccountID) -> QuoteRequest? {
    requests.first { $0.account == account }
  }

  /// Whether an account is a registered relayer's.
  public func isRelayer(_ id: AccountID) -> Bool { relayers.contains(id) }

  public func offer(_ id: UInt64) -> KeeperOffer? { offers.first { $0.id == id } }

  /// The open offer of an account's slice to keepers.
  public func offer(of account: AccountID) -> KeeperOffer? {
    offers.first { $0.account == account }
  }

  public func sale(_ id: UInt64) -> RightsSale? { sales.first { $0.id == id } }

  /// The open sale of the right to an account's slice.
  public func sale(of account: AccountID) -> RightsSale? { sales.first { $0.account == account } }

  /// Whether at least the deposits of all commitments are there.
  var coversDeposits: Bool {
    let locked = sales.reduce(Int128(0)) { sum, sale in
      sum + Int128(sale.deposit) * Int128(sale.commitments.count)
    }
    return locked <= Int128(deposits)
  }

  /// Whether an account's slice was offered so, and not taken, since it last went to the book.
  public func hasTried(_ seam: UInt8, _ account: AccountID) -> Bool {
    tried.contains { $0.account == account && $0.seams & seam != 0 }
  }

  /// The depth of a market; `nil` where none was ever reported.
  public func depth(of instrument: InstrumentID) -> MarketDepth? {
    let place = Self.place(of: instrument, in: depths)
    return place < depths.count && depths[place].instrument == instrument ? depths[place] : nil
  }

  mutating func take(_ reports: [DepthReport], at instant: Timestamp, window: TimeSpan) {
    for report in reports {
      let place = Self.place(of: report.instrument, in: depths)
      if place < depths.count, depths[place].instrument == report.instrument {
        depths[place].take(report, at: instant, window: window)
      } else {
        depths.insert(MarketDepth(report, at: instant), at: place)
      }
    }
  }

  mutating func open(_ request: QuoteRequest) {
    let place = requests.firstIndex { $0.account >= request.account } ?? requests.count
    requests.insert(request, at: place)
    last = max(last, request.id)
  }

  mutating func close(_ id: UInt64, filled: Size) {
    guard let place = requests.firstIndex(where: { $0.id == id }) else { return }
    let request = requests.remove(at: place)
    if filled < request.size { note(TriedSeams.requests, of: request.account) }
  }

  mutating func take(_ answer: QuoteAnswer, to id: UInt64, through relayer: AccountID? = nil) {
    guard let place = requests.firstIndex(where: { $0.id == id }) else { return }
    requests[place].answers.append(answer)
    guard let relayer else { return }
    requests[place].relays.append(QuoteRelay(maker: answer.maker, relayer: relayer))
  }

  mutating func registerRelayer(_ id: AccountID) {
    guard !isRelayer(id) else { return }
    relayers.insert(id, at: relayers.firstIndex { $0 > id } ?? relayers.count)
  }

  mutating func open(_ offer: KeeperOffer) {
    let place = offers.firstIndex { $0.account >= offer.account } ?? offers.count
    offers.insert(offer, at: place)
    last = max(last, offer.id)
  }

  mutating func take(_ id: UInt64, _ size: Size) {
    guard let place = offers.firstIndex(where: { $0.id == id }) else { return }
    offers[place].left = offers[place].left - size
    if offers[place].left <= .zero { offers.remove(at: place) }
  }

  mutating func close(_ id: UInt64, of account: AccountID, _ end: OfferEnd) {
    offers.removeAll { $0.id == id }
    last = max(last, id)
    if end != .withdrawn { note(TriedSeams.keepers, of: account) }
  }

  mutating func open(_ sale: RightsSale) {
    let place = sales.firstIndex { $0.account >= sale.account } ?? sales.count
    sales.insert(sale, at: place)
    last = max(last, sale.id)
  }

  mutating func change(_ id: UInt64, _ change: (inout RightsSale) -> Void) {
    if let place = sales.firstIndex(where: { $0.id == id }) { change(&sales[place]) }
  }

  mutating func close(_ id: UInt64, _ outcome: RightsOutcome) {
    guard let place = sales.firstIndex(where: { $0.id == id }) else { return }
    let sale = sales.remove(at: place)
    if !outcome.isWithdrawn, outcome.lots < sale.lots {
      note(TriedSeams.keepers, of: sale.account)
    }
  }

  mutating func note(_ seam: UInt8, of account: AccountID) {
    let place = tried.firstIndex { $0.account >= account } ?? tried.count
    if place == tried.count || tried[place].account != account {
      tried.insert(TriedSeams(account: account, seams: seam), at: place)
    } else {
      tried[place].seams |= seam
    }
  }

  /// What was tried is forgotten when an order goes out, and when the stage is left.
  mutating func follow(_ event: LedgerEvent) {
    switch event {
    case .liquidationOrderIssued(let order): tried.removeAll { $0.account == order.account }
    case .liquidationStageEntered(let id, _), .liquidationEnded(let id, _):
      tried.removeAll { $0.account == id }
    default: break
    }
  }

  private static func place(of instrument: InstrumentID, in depths: [MarketDepth]) -> Int {
    var (low, high) = (0, depths.count)
    while low < high {
      let middle = (low + high) / 2
      if depths[middle].instrument < instrument { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension LedgerState {
  mutating func applyExecution(_ event: LedgerEvent) {
    switch event {
    case .depthReported(let reports, let window):
      execution.take(reports, at: time, window: window)
    case .quoteRequested(let request): execution.open(request)
    case .quoteAnswered(let id, let answer): execution.take(answer, to: id)
    case .answerRelayed(let id, let answer, let relayer):
      execution.take(answer, to: id, through: relayer)
    case .relayerRegistered(let id): execution.registerRelayer(id)
    case .relayerReleased(let id): execution.relayers.removeAll { $0 == id }
    case .requestClosed(let id, let filled): execution.close(id, filled: filled)
    case .rightsOffered(let sale): execution.open(sale)
    case .bidCommitted(let id, let bidder, let digest):
      execution.change(id) { $0.commit(digest, of: bidder) }
    case .bidRevealed(let id, let bidder, let bid):
      execution.change(id) { $0.reveal(bid, of: bidder) }
    case .rightsSettled(let id, _, let outcome): execution.close(id, outcome)
    case .gasReported(let reading): execution.gas = reading
    case .keeperOffered(let offer): execution.open(offer)
    case .offerTaken(let id, _, let size): execution.take(id, size)
    case .offerClosed(let id, let account, let end): execution.close(id, of: account, end)
    default: break
    }
  }
}
