// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Writes amounts counted in millionths of a currency, short for the eye or exact to the unit.
public struct MoneyFormat: Hashable, Sendable {
  private let prefix: String
  private let suffix: String

  /// - Parameter currency: `USD` is written `$1`, any other currency after the number.
  public init(currency: AssetSymbol) {
    let isDollar = currency.description == "USD"
    prefix = isDollar ? "$" : ""
    suffix = isDollar ? "" : " \(currency)"
  }

  /// Every digit there is: `$1,234,567.890001`.
  public func exact(_ millionths: Int64) -> String {
    framed(NumberText.grouped(millionths, decimals: 6))
  }

  /// Three digits and a unit: `$1.23 M`; below a thousand the cents are shown.
  public func short(_ millionths: Int64) -> String {
    guard let unit = Self.units.first(where: { $0.fits(millionths) }) else {
      return exact(millionths)
    }
    return framed(unit.text(millionths))
  }

  /// A difference, short and with its sign: `+$1.23 M`.
  public func change(_ millionths: Int64) -> String { NumberText.signed(short(millionths)) }

  private func framed(_ number: String) -> String {
    number.hasPrefix("−")
      ? "−" + prefix + number.dropFirst() + suffix : prefix + number + suffix
  }
}

extension MoneyFormat {
  /// One way to shorten a number; the first in which it has no more than three digits is used.
  private struct Unit: Sendable {
    /// Decimals of a number counted in this unit's thousands, millions and so on.
    let decimals: Int
    let shown: Int
    let name: String

    func fits(_ millionths: Int64) -> Bool {
      guard millionths != 0 else { return true }
      let digits = NumberText.reduced(millionths, from: decimals, to: shown).magnitude
      return digits > 0 && digits < (name.isEmpty ? 100_000 : 1_000)
    }

    func text(_ millionths: Int64) -> String {
      guard millionths != 0 else { return "0" }
      return NumberText.rounded(millionths, decimals: decimals, shown: shown) + name
    }
  }

  private static let units: [Unit] =
    [Unit(decimals: 6, shown: 2, name: "")]
    + [(9, " k"), (12, " M"), (15, " bn"), (18, " tn")].flatMap { decimals, name in
      [2, 1, 0].map { Unit(decimals: decimals, shown: $0, name: name) }
    }
}
