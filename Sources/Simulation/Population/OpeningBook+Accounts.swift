// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Instruments
import Ledger
import Margin
import Quantities

extension OpeningBook {
  /// The opening of a book of accounts read from a file.
  ///
  /// A file says what each account holds, not with whom it traded: makers, numbered after the
  /// file's highest account, take the other side of every position at its entry price, and the
  /// ``statement`` says so. Positions are opened in the order of the file.
  /// - Parameter rows: As `AccountBookReader` read them, at least one.
  /// - Throws: `ReadError/row(_:)` for an unknown instrument or asset, a size or price outside
  ///   its contract's steps and limits, and an account below initial margin.
  public static func loading(
    _ rows: [AccountRow], into market: VenueMarket
  ) throws(ReadError) -> OpeningBook {
    let sorted = rows.sorted { $0.account < $1.account }
    let underlyings = market.listing.collateral.compactMap(\.underlying)
    let makersEach = Population.makersEach
    let room = UInt64(underlyings.count * makersEach)
    guard let last = sorted.last else {
      throw .unreadable(path: "the book of accounts", why: "it has no accounts")
    }
    guard UInt64(last.account.number) + room <= UInt64(UInt32.max) else {
      throw .row(
        RowFault(
          place: last.place, field: "account", value: String(last.account.number),
          reason: .tooLarge(limit: String(UInt64(UInt32.max) - room))))
    }
    let makers = MakerRoster(
      underlyings: underlyings, makersEach: makersEach, first: last.account.number + 1)
    var loading = BookLoading(market: market, makers: makers)
    do throws(RowFault) {
      for row in sorted { try loading.add(row) }
    } catch {
      throw .row(error)
    }
    return loading.book(path: last.place.path)
  }
}

/// A book under construction.
private struct BookLoading {
  let market: VenueMarket
  let makers: MakerRoster
  private var accounts: [OpeningStep] = []
  private var deposits: [OpeningStep] = []
  private var trades: [(report: TradeReport, place: FilePlace)] = []
  private var turn = 0

  init(market: VenueMarket, makers: MakerRoster) {
    self.market = market
    self.makers = makers
  }

  mutating func add(_ row: AccountRow) throws(RowFault) {
    accounts.append(
      OpeningStep(command: .openAccount(row.account, row.mode), place: row.place))
    if row.mode == .isolated, row.positions.count > 1 {
      throw RowFault(
        place: row.positions[1].place, field: "name", value: row.positions[1].instrument,
        reason: .contradiction("expected one position in an isolated account"))
    }
    let zeros = [Int64](repeating: 0, count: market.listing.collateral.count)
    var portfolio = Portfolio(mode: row.mode, balances: zeros)
    for collateral in row.collateral {
      try add(collateral, to: row.account, &portfolio)
    }
    for position in row.positions {
      try add(position, to: row.account, &portfolio)
      try requireMargin(portfolio, at: position)
    }
  }

  private mutating func add(
    _ row: CollateralRow, to account: AccountID, _ portfolio: inout Portfolio
  ) throws(RowFault) {
    let (index, amount) = try row.measured(in: market.listing)
    guard amount.units > 0 else { return }
    portfolio.balances[index] += amount.units
    deposits.append(
      OpeningStep(command: .depositCollateral(account, amount), place: row.place))
  }

  private mutating func add(
    _ row: PositionRow, to account: AccountID, _ portfolio: inout Portfolio
  ) throws(RowFault) {
    let measured = try row.measured(in: market.listing)
    let contract = measured.contract
    _ = portfolio.take(
      measured.size, of: contract.id, unitValue: measured.unitValue)
    let desk = makers[contract.underlying]
    let maker = desk[turn % desk.count]
    turn += 1
    let isLong = measured.size > .zero
    trades.append(
      (
        TradeReport(
          instrument: contract.id, buyer: isLong ? account : maker,
          seller: isLong ? maker : account, size: measured.size.magnitude,
          price: measured.price, origin: .transfer), row.place
      ))
  }

  private func requireMargin(
    _ portfolio: Portfolio, at row: PositionRow
  ) throws(RowFault) {
    guard let risk = market.risk(portfolio), risk.equity < risk.initialMargin else { return }
    let equity = decimalText(risk.equity, decimals: 6)
    let margin = decimalText(risk.initialMargin, decimals: 6)
    throw RowFault(
      place: row.place, field: "quantity", value: row.size,
      reason: .contradiction(
        "expected equity of at least the initial margin up to here, \(margin) "
          + "\(market.listing.quote); it is \(equity)"))
  }

  func book(path: String) -> OpeningBook {
    let reports = trades.map(\.report)
    let makerAccounts = makers.accounts.map { OpeningStep(command: .openAccount($0, .cross)) }
    let steps =
      accounts + makerAccounts + MakerFunding.deposits(for: makers, trades: reports, in: market)
      + deposits
      + trades.map { OpeningStep(command: .recordTrade($0.report), place: $0.place) }
    return OpeningBook(
      steps: steps, makers: makers, accountCount: accounts.count, positionCount: trades.count,
      orderCount: 0, omittedCount: 0,
      statement: "The accounts are those of the file \(path): \(accounts.count) accounts with "
        + "\(trades.count) positions. The file names no counterparties, so maker accounts of the "
        + "replay took the other side of every position at its entry price.")
  }
}
