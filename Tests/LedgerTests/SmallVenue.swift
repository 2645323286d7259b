// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities

/// A ledger of three accounts, two contracts and two assets, made by events alone.
struct SmallVenue {
  static let linear = InstrumentID(3)
  static let inverse = InstrumentID(5)
  static let one = AccountID(1)
  static let two = AccountID(4)
  static let three = AccountID(9)

  let usd: Asset
  let btc: Asset
  var state: LedgerState

  init() throws {
    usd = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    btc = try Asset(symbol: AssetSymbol("BTC"), decimals: 8)
    var samples = Samples(seed: 7)
    state = LedgerState(quote: usd, parameters: samples.parameters())
    state.apply(.venueOpened(quote: usd, samples.parameters()))
    state.apply(.instrumentListed(try contract(Self.linear, .linear)))
    state.apply(.accountOpened(Self.one, .cross))
    // An asset that comes after an account gives the account a balance of it.
    state.apply(.collateralAccepted(CollateralAsset(asset: btc, underlying: btc.symbol)))
    state.apply(.instrumentListed(try contract(Self.inverse, .inverse)))
    state.apply(.accountOpened(Self.two, .isolated))
    state.apply(.accountOpened(Self.three, .portfolio))
    for id in [Self.one, Self.two, Self.three] {
      move(1_000_000, of: usd, .outside, .account(id), .deposit)
      move(500, of: btc, .outside, .account(id), .deposit)
    }
    move(300, of: usd, .outside, .insuranceFund, .fundContribution)
  }

  private func contract(
    _ id: InstrumentID, _ settlement: Settlement
  ) throws -> Contract {
    try Contract(
      id: id, name: "C\(id.number)", underlying: btc.symbol, kind: .perpetual,
      settlement: settlement, settlementAsset: settlement == .linear ? usd : btc,
      stepQuantity: 100_000, tick: Price(steps: 1), highestPrice: Price(steps: Price.limit))
  }

  mutating func move(
    _ units: Int64, of asset: Asset, _ from: LedgerAccount, _ to: LedgerAccount,
    _ reason: TransferReason
  ) {
    state.apply(
      .transferred(
        Transfer(from: from, to: to, amount: Amount(units: units, asset: asset), reason: reason)))
  }

  mutating func trade(
    _ instrument: InstrumentID, _ buyer: AccountID, _ seller: AccountID, _ size: Int64,
    at unitValue: Int64
  ) {
    state.apply(
      .traded(
        Trade(
          instrument: instrument, buyer: buyer, seller: seller, size: Size(steps: size),
          unitValue: unitValue, price: Price(steps: 1), cause: .matching)))
  }

  /// Puts the contracts of the venue, all on BTC, into a risk universe.
  mutating func setApart(_ universe: String) throws {
    let key = "insuranceFund.universe.BTC"
    let value = try ParameterSet.read(key: key, text: universe, source: "test")
    let others = state.parameters.values.filter { $0.key != key }
    let set = try ParameterSet(
      name: "apart", date: state.parameters.date, values: others + [value])
    state.apply(.parametersChanged(set))
  }

  func order(_ id: UInt64, of account: AccountID, size: Int64) -> LiquidationOrder {
    LiquidationOrder(
      id: OrderID(id), account: account, instrument: Self.linear, side: .sell,
      size: Size(steps: size), limit: Price(steps: 5), stage: .partial,
      expiresAt: Timestamp(seconds: 60))
  }

  func account(_ id: AccountID) -> Account { state.accounts[state.index(of: id) ?? 0] }
  func balance(_ id: AccountID, _ asset: Int = 0) -> Int64 {
    account(id).portfolio.balances[asset]
  }
}
