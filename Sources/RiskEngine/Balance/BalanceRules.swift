// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Clearing
public import Parameters
public import Quantities

/// What taking an underlying out of balance costs, ready for use.
public struct BalanceRule: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// `nil` where nothing is asked for it.
  public let potential: EntryFeePotential?
  /// `nil` where funding follows the premium alone.
  public let funding: VelocityFunding?
  /// What of the mean premium is added to the rate.
  public let premiumWeight: Rate
  /// The size for which premiums are sampled, millionths of the quote currency.
  public let impactNotional: Int64
  /// What that size costs against the depth of the entry fee.
  public let impactCost: Rate

  /// - Returns: `nil` where nothing is asked.
  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for a potential that leaves its field.
  init?(_ set: ParameterSet, underlying: AssetSymbol) throws(ParameterError) {
    let parameters = try BalanceParameters(set, underlying: underlying)
    guard parameters.entryFee != nil || parameters.funding != nil else { return nil }
    self.underlying = underlying
    potential = try Self.potential(parameters.entryFee, of: underlying)
    guard let stated = parameters.funding else {
      (funding, premiumWeight, impactNotional, impactCost) = (nil, .zero, 0, .zero)
      return
    }
    funding = VelocityFunding(
      velocity: stated.velocity, largestImbalance: stated.largestImbalance, cap: stated.cap)
    premiumWeight = stated.premiumWeight
    impactNotional = stated.impactNotional
    impactCost = potential?.averageCost(of: stated.impactNotional) ?? .zero
  }

  private static func potential(
    _ stated: BalanceParameters.EntryFee?, of underlying: AssetSymbol
  ) throws(ParameterError) -> EntryFeePotential? {
    guard let stated else { return nil }
    let exponent = stated.exponent.value
    let cost = stated.cost.share(of: stated.depth, rounding: .up)
    let potential = EntryFeePotential(
      scale: EntryFeePotential.scale(cost: cost, at: stated.depth, exponent: exponent),
      exponent: exponent, rebateShare: stated.rebateShare, threshold: stated.threshold,
      slopeCap: stated.slopeCap)
    guard let potential else {
      throw .inconsistent(
        key: "balance.\(underlying).depth", reason: "the potential is not finite")
    }
    return potential
  }
}

/// From which imbalance on an underlying is hedged.
public struct HedgeRule: Hashable, Sendable {
  public let underlying: AssetSymbol
  public let band: HedgeBand
}

extension VenueRules {
  /// The band of an underlying; `nil` where it is not hedged.
  func hedgeBand(of underlying: AssetSymbol) -> HedgeBand? {
    guard hedge.isOn else { return nil }
    return hedgeBands.first { $0.underlying == underlying }?.band
  }

  /// The rule of an underlying; `nil` where nothing is asked.
  func balanceRule(of underlying: AssetSymbol) -> BalanceRule? {
    // In most venues there is none.
    balance.isEmpty ? nil : balance.first { $0.underlying == underlying }
  }
}
