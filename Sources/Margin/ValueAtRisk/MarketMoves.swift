// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Pricing

/// The scenarios of one underlying, as columns.
struct MarketMoves: Sendable {
  /// F'/F.
  var growth: [Double]
  var volatility: VolatilityMove

  /// What a scenario does to the volatility of an option that is left with `yearsLeft`.
  func law(yearsLeft: Double) -> VolatilityLaw {
    switch volatility {
    case .factors(let factors): .factors(factors)
    case .variances(let variances, let model):
      .ratios(variances, MeanVariance(model, years: yearsLeft))
    }
  }
}

/// How scenarios state volatility.
enum VolatilityMove: Sendable {
  /// σ'/σ, the same for every option.
  case factors([Double])
  /// The model's variance at the horizon, per year.
  case variances([Double], SVCJModel)
}

/// The factor on the total variance of one option, scenario by scenario.
enum VolatilityLaw {
  case factors([Double])
  case ratios([Double], MeanVariance)

  func varianceFactor(_ scenario: Int) -> Double {
    switch self {
    case .factors(let factors): factors[scenario] * factors[scenario]
    case .ratios(let variances, let mean): mean.factor(variances[scenario])
    }
  }
}

/// The expected variance over the rest of an option's life, as it depends on that at its start:
/// linear in v, with jumps of the forward and of the variance.
///
/// ∫E v = θ(τ − B) + Bv + λμ_v(τ − B)/κ with B = (1 − e^(−κτ))/κ; jumps of the logarithm add
/// λτ·E[(μ + ρ_J Z)² + δ²]. The quoted volatility moves by the root of the ratio, so far expiries
/// move less. Source of the model: Duffie, Pan and Singleton, Econometrica 68 (2000).
struct MeanVariance {
  private let constant: Double
  private let slope: Double
  private let inverseNow: Double

  init(_ model: SVCJModel, years: Double) {
    let heston = model.variance
    // B is the response of the summed variance to v, and what a unit of θ adds is the rest.
    let ofUnit = Self.summed(heston, initial: 1, mean: 0, years)
    let rest = years - ofUnit
    let kappa = heston.meanReversion
    let jumpMean = model.meanVarianceJump
    // Without a return to the mean a jump stays: its share of the rest of life is half of it.
    let lasting = kappa * years > 1e-8 ? rest / kappa : 0.5 * (years * years)
    let jumps = model.jumps
    let shared = model.jumpCorrelation * jumpMean
    let square =
      jumps.meanJump * jumps.meanJump + 2 * (jumps.meanJump * shared) + 2 * (shared * shared)
      + jumps.deviation * jumps.deviation
    constant =
      heston.meanVariance * rest
      + jumps.intensity * (jumpMean * lasting + square * years)
    slope = ofUnit
    let now = constant + slope * heston.initialVariance
    inverseNow = now > 0 ? 1 / now : 0
  }

  /// Expected variance after `variance`, over that after today's; 1 where nothing varies.
  func factor(_ variance: Double) -> Double {
    inverseNow > 0 ? (constant + slope * variance) * inverseNow : 1
  }

  private static func summed(
    _ model: HestonModel, initial: Double, mean: Double, _ years: Double
  ) -> Double {
    // The model's own formula for v0 = 1 and θ = 0; both lie in its domain.
    let unit = try? HestonModel(
      initialVariance: initial, meanVariance: mean, meanReversion: model.meanReversion,
      volatilityOfVariance: 0, correlation: 0)
    return unit?.meanTotalVariance(years: years) ?? years
  }
}
