// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Kernels
import NumericalMethods

/// The prices of all options of one expiry, from one pass over the characteristic function.
///
/// A cosine series of the density of x = ln(F_T / F) on [a, b]. With u_j = jπ/(b - a),
/// θ_j = u_j (ln(K/F) - a) and A_j = 2/(b - a) Re[φ(u_j) e^(-iu_j a)] / (1 + u_j²), the first half
/// that, a put is worth
///
///     P(K) = K Σ A_j (sin θ_j / u_j - cos θ_j) + F e^a Σ A_j
///
/// for K ≤ F e^b, and a call that plus F - K. A_j belongs to the model and the expiry alone: one
/// slice serves every forward, strike and right. [a, b] leaves at most e^-32 of the probability on
/// either side, by bounds from exponential moments, and the terms end where |φ|/u falls below
/// e^-31.
///
/// Source: F. Fang, C. W. Oosterlee, SIAM J. Scientific Computing 31 (2008), 826-848.
public struct FourierSlice: Sendable {
  /// Which code computes: both give the same bits.
  public enum Path: Hashable, Sendable, CaseIterable {
    /// The kernels, in the widest variant of the processor.
    case kernel
    /// Their twin in Swift.
    case plain
  }

  /// Terms at most.
  public static let termLimit = 1 << 15

  public let yearsToExpiry: Double
  let grid: FourierGrid
  /// A_j.
  private let coefficients: [Double]
  /// e^a Σ A_j.
  private let constant: Double
  /// The total variance, where the model is Black's.
  private let deterministicVariance: Double?

  /// Evaluates the characteristic function wherever the expiry needs it.
  ///
  /// - Parameters:
  ///   - model: Where it is ``Black76`` the prices are that function's, to the bit.
  ///   - yearsToExpiry: From 0, which gives intrinsic values, to 100.
  ///   - path: Which code computes the coefficients.
  /// - Throws: ``PricingError``; ``PricingError/unresolved(termLimit:)`` where the diffusion's
  ///   share of the variance is too small, as in a model of jumps alone.
  public init(
    model: some CharacteristicModel, yearsToExpiry: Double, path: Path = .kernel
  ) throws(PricingError) {
    let general = model.general
    try SVCJModel.check(years: yearsToExpiry)
    self.yearsToExpiry = yearsToExpiry
    deterministicVariance =
      yearsToExpiry == 0 ? 0 : general.deterministicVariance(years: yearsToExpiry)
    guard deterministicVariance == nil else {
      grid = .empty
      coefficients = []
      constant = 0
      return
    }
    grid = try FourierGrid(general, years: yearsToExpiry, use: .prices, termLimit: Self.termLimit)
    coefficients =
      switch path {
      case .kernel: grid.kernelCoefficients(general, years: yearsToExpiry)
      case .plain: grid.coefficients(general, years: yearsToExpiry)
      }
    var total = 0.0
    for coefficient in coefficients { total += coefficient }
    // An infinity or NaN anywhere remains one in the sum.
    guard total.isFinite else { throw .unresolved(termLimit: Self.termLimit) }
    constant = grid.exponentialOfLower * total
  }

  /// How many terms the series has: 0 where the model is ``Black76``.
  public var termCount: Int { coefficients.count }

  /// The undiscounted price of an option settled in the quote currency.
  ///
  /// - Parameters:
  ///   - forward: Forward price at expiry, quote units, from 2^-500 to 2^500.
  ///   - strike: Strike, quote units, from 2^-500 to 2^500.
  ///   - right: Call or put.
  /// - Returns: Price in quote units, never below intrinsic value; absolute error below
  ///   1e-13 × (forward + strike).
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public func price(
    forward: Double, strike: Double, right: OptionRight
  ) throws(PricingError) -> Double {
    try Black76.check(forward, from: 0x1p-500, upTo: 0x1p500, .forward)
    try Black76.check(strike, from: 0x1p-500, upTo: 0x1p500, .strike)
    if let deterministicVariance {
      return try Black76.price(
        forward: forward, strike: strike, totalVariance: deterministicVariance, right: right)
    }
    let distance = grid.distance(forward, strike)
    var sum = 0.0
    if distance > 0 {
      var wave = CosineWave(grid: grid, distance: distance)
      for (index, coefficient) in coefficients.enumerated() {
        sum += coefficient * wave.payoff(index)
        wave.advance(past: index)
      }
    }
    return price(forward, strike, right, distance, sum)
  }

  /// The undiscounted prices of many options on one forward, by the kernels; same bits as
  /// ``price(forward:strike:right:)``.
  ///
  /// - Parameters: As there, with one price for each strike.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` for the first strike outside the domain.
  public func prices(
    forward: Double, strikes: [Double], right: OptionRight
  ) throws(PricingError) -> [Double] {
    try Black76.check(forward, from: 0x1p-500, upTo: 0x1p500, .forward)
    for strike in strikes { try Black76.check(strike, from: 0x1p-500, upTo: 0x1p500, .strike) }
    if deterministicVariance != nil {
      var prices: [Double] = []
      for strike in strikes {
        prices.append(try price(forward: forward, strike: strike, right: right))
      }
      return prices
    }
    let distances = strikes.map { grid.distance(forward, $0) }
    var sums = [Double](repeating: 0, count: strikes.count)
    plimsoll_fourier_payoffs(
      coefficients, grid.frequencies, coefficients.count, distances, &sums, strikes.count)
    for index in sums.indices {
      sums[index] = price(forward, strikes[index], right, distances[index], sums[index])
    }
    return sums
  }

  /// The undiscounted price of an inverse option: ``price(forward:strike:right:)`` in coin.
  ///
  /// - Returns: Price in coin per coin of underlying; absolute error below
  ///   1e-13 × (1 + strike / forward).
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public func coinPrice(
    forward: Double, strike: Double, right: OptionRight
  ) throws(PricingError) -> Double {
    try price(forward: forward, strike: strike, right: right) / forward
  }

  private func price(
    _ forward: Double, _ strike: Double, _ right: OptionRight, _ distance: Double, _ sum: Double
  ) -> Double {
    let gain = right.sign * (forward - strike)
    let intrinsic = gain > 0 ? gain : 0
    guard distance > 0 else { return intrinsic }
    let kink = grid.kink(forward, strike, distance)
    let put = (kink * sum + forward * constant) + (strike - kink)
    return intrinsic + FourierGrid.timeValue(forward, strike, put: put)
  }
}

/// The points u_j = jπ/(b - a) at which a transform is taken.
struct FourierGrid: Sendable {
  /// a and b.
  let lower: Double
  let upper: Double
  /// u_j.
  let frequencies: [Double]
  /// e^a and e^b.
  let exponentialOfLower: Double
  let exponentialOfUpper: Double

  static let empty = FourierGrid(lower: 0, upper: 1, count: 0)

  private init(lower: Double, upper: Double, count: Int) {
    self.lower = lower
    self.upper = upper
    let step = 0x1.921fb54442d18p+1 / (upper - lower)
    var frequencies = [Double](repeating: 0, count: count)
    for index in 0..<count { frequencies[index] = Double(index) * step }
    self.frequencies = frequencies
    exponentialOfLower = Elementary.exp(lower)
    exponentialOfUpper = Elementary.exp(upper)
  }

  init(
    _ model: SVCJModel, years: Double, use: TransformUse, termLimit limit: Int
  ) throws(PricingError) {
    let extent = try model.extent(years: years, use: use, termLimit: limit)
    let count = extent.cutoff * (extent.upper - extent.lower) * 0x1.45f306dc9c883p-2
    guard count < Double(limit - 2) else { throw .unresolved(termLimit: limit) }
    self.init(lower: extent.lower, upper: extent.upper, count: Int(count) + 2)
  }

  /// 2/(b - a).
  var weight: Double { 2 / (upper - lower) }

  /// ln(K/F) - a, but not below 0 and not above b - a.
  func distance(_ forward: Double, _ strike: Double) -> Double {
    let z = Black76.logarithm(ofRatio: strike, to: forward)
    return z > lower ? (z < upper ? z : upper) - lower : 0
  }

  /// The strike, or F e^b if that is lower.
  ///
  /// A put beyond it is exercised whatever x is, and so worth that much more than the put there.
  func kink(_ forward: Double, _ strike: Double, _ distance: Double) -> Double {
    distance < upper - lower ? strike : forward * exponentialOfUpper
  }

  /// 2/(b - a) Re[φ(u_j) e^(-iu_j a)] / (1 + u_j²), the first half that.
  func coefficients(_ model: SVCJModel, years: Double) -> [Double] {
    let weight = weight
    return frequencies.indices.map { index in
      // At u = 0 φ is 1 exactly.
      if index == 0 { return 0.5 * weight }
      let u = frequencies[index]
      let value = CharacteristicExponent(model, at: ComplexNumber(u), years: years).value
      let turned = ComplexNumber.exp(ComplexNumber(value.real, value.imaginary - u * lower))
      return weight * turned.real / (1 + u * u)
    }
  }

  /// The same bits from the kernel.
  func kernelCoefficients(_ model: SVCJModel, years: Double) -> [Double] {
    var parameters = plimsoll_fourier_model(
      initial_variance: model.variance.initialVariance,
      mean_variance: model.variance.meanVariance,
      mean_reversion: model.variance.meanReversion,
      volatility_of_variance: model.variance.volatilityOfVariance,
      correlation: model.variance.correlation,
      jump_intensity: model.jumps.intensity,
      mean_jump: model.jumps.meanJump,
      jump_deviation: model.jumps.deviation,
      mean_variance_jump: model.meanVarianceJump,
      jump_correlation: model.jumpCorrelation)
    let count = frequencies.count
    return [Double](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      plimsoll_fourier_coefficients(
        &parameters, years, lower, weight, frequencies, buffer.baseAddress, count)
      // At u = 0 φ is 1 exactly.
      buffer[0] = 0.5 * weight
      initializedCount = count
    }
  }

  /// The value of a put, less what call and put would pay now; kept between 0 and its upper bound.
  static func timeValue(_ forward: Double, _ strike: Double, put: Double) -> Double {
    let value = strike > forward ? put - (strike - forward) : put
    let limit = forward < strike ? forward : strike
    return value > 0 ? (value < limit ? value : limit) : 0
  }
}

/// cos θ_j and sin θ_j for one strike and rising j; the twin of `plimsoll_fourier_payoffs`.
///
/// Each follows from the one before by a rotation; every 64th is computed afresh, so that rounding
/// errors stay below 64 × 2^-52.
struct CosineWave {
  private let grid: FourierGrid
  /// ln(K/F) - a.
  private let distance: Double
  private let rotation: ComplexNumber
  private(set) var cosine = 1.0
  private(set) var sine = 0.0

  init(grid: FourierGrid, distance: Double) {
    self.grid = grid
    self.distance = distance
    let angle = (grid.frequencies.count > 1 ? grid.frequencies[1] : 0) * distance
    rotation = ComplexNumber(Elementary.cos(angle), Elementary.sin(angle))
  }

  /// sin θ_j / u_j - cos θ_j, whose limit for j = 0 is ln(K/F) - a - 1.
  func payoff(_ index: Int) -> Double {
    index == 0 ? distance - 1 : sine * (1 / grid.frequencies[index]) - cosine
  }

  mutating func advance(past index: Int) {
    if index & 63 == 63 {
      guard index + 1 < grid.frequencies.count else { return }
      let angle = grid.frequencies[index + 1] * distance
      (cosine, sine) = (Elementary.cos(angle), Elementary.sin(angle))
    } else {
      (cosine, sine) = (
        cosine * rotation.real - sine * rotation.imaginary,
        cosine * rotation.imaginary + sine * rotation.real
      )
    }
  }
}
