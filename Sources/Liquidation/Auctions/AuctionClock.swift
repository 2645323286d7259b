// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
import NumericalMethods
public import Parameters
public import Quantities

extension AuctionParameters {
  /// How long a round of a phase lasts, not prolonged.
  public func duration(of phase: AuctionPhase) -> TimeSpan {
    switch phase {
    case .solvent: duration
    case .insolvent: insolventDuration
    }
  }

  /// The factor of a round after so long.
  ///
  /// Solvent: the price as a part of the portfolio's value, never below the reserve price.
  /// Insolvent: the part of the requirement that the fund adds, from zero to one.
  /// - Parameter speed: Of ``/Ledger/AuctionRound/speed``.
  public func factor(of phase: AuctionPhase, after elapsed: TimeSpan, speed: Rate) -> Rate {
    switch phase {
    case .solvent: max(pricePath(speed: speed).factor(after: elapsed), reserve)
    case .insolvent:
      grown(
        Rate.one
          - PricePath.linear(start: .one, end: .zero, duration: insolventDuration)
          .factor(after: elapsed))
    }
  }

  /// What the fund adds after a part x of its time, as a part of the requirement.
  ///
  ///     (gˣ − 1) ÷ (g − 1)
  ///
  /// g is ``/Parameters/AuctionParameters/insolventGrowth``. From one moment to the next it
  /// rises by a part of what it is, and of 1 ÷ (g − 1) at first: (g^Δx − 1) of both together.
  /// Rounded down to a billionth, so that the fund never pays more.
  private func grown(_ passed: Rate) -> Rate {
    guard insolventGrowth > 1, passed < .one else { return passed }
    let growth = Double(insolventGrowth)
    let risen = Elementary.exp(Elementary.log(growth) * passed.value) - 1
    let billionths = (risen / (growth - 1) * 1e9).rounded(.down)
    return Rate(billionths: Int64(min(max(billionths, 0), 1e9)))
  }

  /// The path that the price of a solvent portfolio follows, before its reserve.
  public func pricePath(speed: Rate) -> PricePath {
    switch path {
    case .linear: .linear(start: start, end: reserve, duration: duration)
    case .twoSpeed:
      .twoSpeed(
        start: start, knee: knee, fast: fastDuration, end: reserve,
        slow: TimeSpan(nanoseconds: max(duration.nanoseconds - fastDuration.nanoseconds, 1)))
    case .stairs: .stairs(start: start, cut: cut, step: step)
    case .exponential: .exponential(start: start, rate: speed)
    }
  }

  /// How fast a round that begins now is to fall; zero for paths that have no speed.
  ///
  /// The adaptive one is ``AuctionSpeed`` with B = ln(start ÷ fair price), its time held between
  /// 15 seconds and 15 minutes; rounded once to a billionth per second.
  /// - Parameter volatility: Annualized, of the market that weighs most; without one (zero) the
  ///   stated speed holds.
  public func startingSpeed(volatility: Rate) -> Rate {
    guard path == .exponential else { return .zero }
    guard isAdaptive else { return speed }
    // Variance is counted in years of 365 days, without closing hours.
    let perSecond = volatility.value / (365.0 * 86_400.0).squareRoot()
    let adapted = AuctionSpeed(
      premium: Elementary.log(start.value / fairFactor.value), volatility: perSecond,
      tick: Double(bidInterval.nanoseconds) * 1e-9, aversion: aversion.value, bounds: 15...900)
    guard let adapted, let rate = try? Rate(adapted.rate), rate > .zero else { return speed }
    return rate
  }

  /// What a round may be prolonged to by a bid.
  ///
  /// - Parameters:
  ///   - elapsed: When the bid is filled.
  ///   - extended: By how much the round is longer already.
  /// - Returns: By how much it is longer then: so that the closing time is left, but never by more
  ///   than it would have lasted.
  public func extended(
    _ phase: AuctionPhase, at elapsed: TimeSpan, extended: TimeSpan
  ) -> TimeSpan {
    let usual = duration(of: phase)
    let wanted = elapsed.nanoseconds + closingTime.nanoseconds - usual.nanoseconds
    return max(extended, TimeSpan(nanoseconds: min(wanted, usual.nanoseconds)))
  }
}
