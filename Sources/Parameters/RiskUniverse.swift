// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A group of underlyings with an insurance fund of its own: a loss in one universe is never paid
/// by the fund of another.
///
/// Keys are `insuranceFund.universe.` + underlying, or `default` for all others; where none is
/// stated every underlying is in the common universe. Source: local risk universes, Derive v3;
/// decision 39.
@frozen
public struct RiskUniverse: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// At most ``highest``.
  public let number: UInt8

  /// The one of everything that is not set apart.
  public static let common = RiskUniverse(0)
  /// The highest number that parameters may state.
  public static let highest: UInt8 = 63

  /// - Parameter number: Beyond the highest it counts as that.
  @inlinable
  public init(_ number: UInt8) { self.number = min(number, Self.highest) }

  /// The universe of an underlying; the common one where nothing is stated.
  public init(of underlying: AssetSymbol, in set: ParameterSet) {
    let own = Self.prefix + underlying.description
    let stated = (try? set.raw(own)) ?? (try? set.raw(Self.prefix + "default")) ?? 0
    self.init(UInt8(clamping: stated))
  }

  /// Whether parameters set underlyings apart in this universe; the common one is always there.
  public func isStated(in set: ParameterSet) -> Bool {
    self == .common || Self.numbers(in: set).contains(Int64(number))
  }

  /// Whether parameters set any underlying apart.
  public static func isAnyStated(in set: ParameterSet) -> Bool {
    numbers(in: set).contains { $0 > 0 }
  }

  private static let prefix = "insuranceFund.universe."

  private static func numbers(in set: ParameterSet) -> [Int64] {
    set.values.filter { $0.key.hasPrefix(prefix) }.map(\.raw)
  }

  @inlinable public static func < (one: Self, other: Self) -> Bool { one.number < other.number }

  public var description: String { self == .common ? "common universe" : "universe \(number)" }
}

extension ParameterDefinition {
  static let universes: [ParameterDefinition] = [
    ParameterDefinition(
      "insuranceFund.universe.*", .count, 0...Int64(RiskUniverse.highest),
      "risk universe of an underlying: its losses are paid by that universe's fund alone; "
        + "0, as where none is stated, for the common one")
  ]
}
