// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Instruments
import MarketData
public import Quantities

/// The most that accounts may hold of a contract, in its size steps.
public struct OpenInterestLimit: Hashable, Sendable {
  public let instrument: String
  /// Both sides count once: the steps that are long.
  public let steps: Int64

  public init(instrument: String, steps: Int64) {
    self.instrument = instrument
    self.steps = steps
  }
}

extension MarginQuestion {
  /// Refuses positions that cannot be: larger than all there is of a contract.
  ///
  /// - Throws: ``ReadError/row(_:)`` with the first of them.
  public func check(_ row: AccountRow, limits: [OpenInterestLimit]) throws(ReadError) {
    let portfolio = try portfolio(row)
    for limit in limits {
      guard let contract = listing.contracts.first(where: { $0.name == limit.instrument }),
        abs(portfolio.size(of: contract.id).steps) > limit.steps,
        let position = row.positions.first(where: { $0.instrument == limit.instrument })
      else { continue }
      let most = decimalText(
        Int128(limit.steps) * Int128(contract.stepQuantity), decimals: 8)
      throw .row(
        RowFault(
          place: position.place, field: "quantity", value: position.size,
          reason: .contradiction(
            "expected at most \(most), the open interest of \(limit.instrument)")))
    }
  }

  /// Refuses options of underlyings whose volatility nobody stated.
  ///
  /// - Parameter stated: The underlyings with a volatility of their own.
  /// - Throws: ``ReadError/row(_:)`` with the first of them.
  public func check(
    _ row: AccountRow, volatilities stated: [AssetSymbol]
  ) throws(ReadError) {
    for position in row.positions {
      guard let contract = listing.contracts.first(where: { $0.name == position.instrument }),
        contract.isOption, !stated.contains(contract.underlying)
      else { continue }
      throw .row(
        RowFault(
          place: position.place, field: "name", value: position.instrument,
          reason: .contradiction(
            "expected a volatility of \(contract.underlying): none is stated")))
    }
  }

  /// Says of an unknown name what is wrong with it, where that can be seen.
  func checkNames(of row: AccountRow) throws(RowFault) {
    for position in row.positions
    where !listing.contracts.contains(where: { $0.name == position.instrument }) {
      let parts = position.instrument.split(separator: "-").map(String.init)
      guard parts.count > 1, let reason = reason(parts) else { continue }
      throw RowFault(
        place: position.place, field: "name", value: position.instrument, reason: reason)
    }
  }

  private func reason(_ parts: [String]) -> RowFault.Reason? {
    if let symbol = try? AssetSymbol(parts[0]),
      !moment.markets.contains(where: { $0.underlying == symbol })
    {
      let known = moment.snapshot.underlyings.map(\.underlying.description)
      return .contradiction(
        "there is no index price of \(symbol); expected an instrument of "
          + known.joined(separator: " or "))
    }
    if let expiry = ExpiryCalendar.expiry(named: parts[1]), expiry <= moment.time {
      return .contradiction(
        "it expired at \(expiry); expected an instrument that lives on after \(moment.time)")
    }
    return nil
  }
}

extension ExpiryCalendar {
  /// The expiry that contracts named such as `27MAR20` have; `nil` for another text.
  static func expiry(named text: String) -> Timestamp? {
    let digits = text.prefix { $0.isNumber && $0.isASCII }
    let rest = text.dropFirst(digits.count)
    guard (1...2).contains(digits.count), rest.count == 5, let day = Int64(digits),
      let year = Int64(rest.suffix(2)), let lowest = CivilDate(year: 2000 + year, month: 1, day: 1)
    else { return nil }
    for month in 1...12 {
      guard let date = CivilDate(year: lowest.year, month: Int64(month), day: day) else { continue }
      let expiry = date.midnight + TimeSpan(seconds: 8 * 3_600)
      if name(of: expiry) == text { return expiry }
    }
    return nil
  }
}
