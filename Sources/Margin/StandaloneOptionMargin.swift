// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Parameters
public import Quantities

/// The stand-alone margin of a short option per base unit, in price steps, its mark included.
///
/// Venues publish the rule so: for an account whose equity leaves options out. Where equity
/// counts every option at its mark, as here, the requirement is this less the mark.
@frozen
public struct StandaloneOptionMargin: Hashable, Sendable {
  public let initial: Int64
  public let maintenance: Int64

  /// - Parameters:
  ///   - spot: Index of the underlying.
  ///   - mark: Of the option, quote units per base unit, as `spot`.
  public init(
    short right: OptionRight, strike: Price, spot: Price, mark: Price,
    _ parameters: OptionMarginParameters
  ) {
    let outOfTheMoney =
      switch right {
      case .call: max(strike.steps - spot.steps, 0)
      case .put: max(spot.steps - strike.steps, 0)
      }
    let least = parameters.least.share(of: spot.steps, rounding: .up)
    let base = parameters.base.share(of: spot.steps, rounding: .up) - outOfTheMoney
    let ofSpot = parameters.maintenance.share(of: spot.steps, rounding: .up)
    let opening = max(base, least) + mark.steps
    switch right {
    case .call:
      maintenance = ofSpot + mark.steps
      initial = max(opening, maintenance)
    case .put:
      let ofMark = parameters.putMark.share(of: mark.steps, rounding: .up)
      maintenance = max(ofSpot, ofMark) + mark.steps
      let ofMaintenance = parameters.putInitial.share(of: maintenance, rounding: .up)
      initial = max(opening, ofMaintenance, maintenance)
    }
  }
}
