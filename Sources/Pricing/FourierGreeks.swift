// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods

/// The change of an option's price with each parameter of its model; nil where it lacks that one.
///
/// Price unit per unit of the parameter, at otherwise unchanged inputs.
@frozen
public struct ModelSensitivities: Hashable, Sendable {
  public var initialVariance: Double?
  public var meanVariance: Double?
  public var meanReversion: Double?
  public var volatilityOfVariance: Double?
  public var correlation: Double?
  public var jumpIntensity: Double?
  public var meanJump: Double?
  public var jumpDeviation: Double?
  public var meanVarianceJump: Double?
  public var jumpCorrelation: Double?

  public init() {}

  public subscript(parameter: ModelParameter) -> Double? {
    get { self[keyPath: Self.path(parameter)] }
    set { self[keyPath: Self.path(parameter)] = newValue }
  }

  private static func path(
    _ parameter: ModelParameter
  ) -> WritableKeyPath<ModelSensitivities, Double?> {
    switch parameter {
    case .initialVariance: \.initialVariance
    case .meanVariance: \.meanVariance
    case .meanReversion: \.meanReversion
    case .volatilityOfVariance: \.volatilityOfVariance
    case .correlation: \.correlation
    case .jumpIntensity: \.jumpIntensity
    case .meanJump: \.meanJump
    case .jumpDeviation: \.jumpDeviation
    case .meanVarianceJump: \.meanVarianceJump
    case .jumpCorrelation: \.jumpCorrelation
    }
  }
}

/// An option's price under a model and how it changes, per unit of the underlying.
@frozen
public struct ModelValue: Hashable, Sendable {
  /// The price, in quote units or in coin as the function says that gives it.
  public var price: Double
  /// As for ``Black76``; the volatility of vega, vanna and volga is √v0, and σ for Merton.
  public var greeks: OptionGreeks
  public var sensitivities: ModelSensitivities
  /// Coins of the underlying that hedge the option's coin price: delta less price, in coin.
  public var netCoinDelta: Double
}

/// Prices and all sensitivities of all options of one expiry.
///
/// The series of ``FourierSlice`` differentiated term by term: delta and gamma by the strike's
/// place in the cosines, the others through closed derivatives of ln φ; nothing is a finite
/// difference. Volatility is √v0, so that vega = 2√v0 ∂P/∂v0 and volga = 4v0 ∂²P/∂v0² + 2 ∂P/∂v0,
/// which are Black's where the variance is constant. Theta is -∂P/∂τ at unchanged v0.
public struct FourierGreeks: Sendable {
  /// Terms at most.
  public static let termLimit = 1 << 13

  private static let fixedColumns = 4

  public let yearsToExpiry: Double
  private let grid: FourierGrid
  private let parameters: [ModelParameter]
  /// √v0.
  private let volatility: Double
  /// The total variance, where the model is Black's or the time is over.
  private let deterministicVariance: Double?
  /// For each term A_j and its derivatives: by v0, by v0 twice, by τ, and by the parameters.
  private let rows: [Double]
  private let columnCount: Int
  /// e^a Σ A_j, for each column.
  private let constants: [Double]

  /// Evaluates the characteristic function and its derivatives.
  ///
  /// - Parameters: As for ``FourierSlice/init(model:yearsToExpiry:path:)``; a time of 0 gives
  ///   intrinsic values with their delta, all other sensitivities 0.
  /// - Throws: ``PricingError``.
  public init<Model: CharacteristicModel>(
    model: Model, yearsToExpiry: Double
  ) throws(PricingError) {
    let general = model.general
    try SVCJModel.check(years: yearsToExpiry)
    self.yearsToExpiry = yearsToExpiry
    let heston = general.variance
    let isStill = heston.meanReversion == 0 && heston.volatilityOfVariance == 0
    let lost: [ModelParameter] = [.meanReversion, .volatilityOfVariance, .correlation]
    parameters = Model.parameters.filter { !isStill || !lost.contains($0) }
    volatility = heston.initialVariance.squareRoot()
    columnCount = Self.fixedColumns + parameters.count
    let isOver = yearsToExpiry == 0
    deterministicVariance = isOver ? 0 : general.deterministicVariance(years: yearsToExpiry)
    if isOver || deterministicVariance.map({ $0 < 0x1p-40 }) ?? false {
      grid = .empty
      rows = []
      constants = [Double](repeating: 0, count: columnCount)
      return
    }
    grid = try FourierGrid(general, years: yearsToExpiry, use: .greeks, termLimit: Self.termLimit)
    rows = Self.rows(general, yearsToExpiry, grid, parameters)
    var sums = [Double](repeating: 0, count: columnCount)
    for (index, row) in rows.enumerated() { sums[index % columnCount] += row }
    // An infinity or NaN anywhere remains one in its sum.
    guard sums.allSatisfy(\.isFinite) else { throw .unresolved(termLimit: Self.termLimit) }
    let scale = grid.exponentialOfLower
    constants = sums.map { scale * $0 }
  }

  private static func rows(
    _ model: SVCJModel, _ years: Double, _ grid: FourierGrid, _ parameters: [ModelParameter]
  ) -> [Double] {
    let weight = grid.weight
    // φ(0) is 1 whatever the parameters.
    var rows = [0.5 * weight] + [Double](repeating: 0, count: fixedColumns - 1 + parameters.count)
    rows.reserveCapacity(grid.frequencies.count * rows.count)
    for u in grid.frequencies.dropFirst() {
      let slopes = CharacteristicDerivatives(model, at: ComplexNumber(u), years: years)
      let value = slopes.exponent.value
      let turned = ComplexNumber.exp(
        ComplexNumber(value.real, value.imaginary - u * grid.lower))
      let scaled = (weight / (1 + u * u)) * turned
      let byVariance = scaled * slopes.by(.initialVariance)
      rows.append(scaled.real)
      rows.append(byVariance.real)
      rows.append((byVariance * slopes.by(.initialVariance)).real)
      rows.append((scaled * slopes.byYears).real)
      for parameter in parameters { rows.append((scaled * slopes.by(parameter)).real) }
    }
    return rows
  }

  /// The price and sensitivities of an option settled in the quote currency.
  ///
  /// - Parameters: As for ``FourierSlice/price(forward:strike:right:)``.
  /// - Returns: The price as of that function, within its bound; delta and net delta within 1e-12,
  ///   gamma × F and vega within 1e-11 of their largest values over all strikes.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public func value(
    forward: Double, strike: Double, right: OptionRight
  ) throws(PricingError) -> ModelValue {
    let certain = deterministicVariance ?? 0
    let black = try Black76.value(
      forward: forward, strike: strike, volatility: certain.squareRoot(), yearsToExpiry: 1,
      right: right)
    let intrinsic = try Black76.price(
      forward: forward, strike: strike, totalVariance: certain, right: right)
    let distance = rows.isEmpty ? 0 : grid.distance(forward, strike)
    let isInside = distance > 0
    let sums = isInside ? sums(at: distance) : FourierSums.none(columnCount)
    let kink = isInside ? grid.kink(forward, strike, distance) : strike
    var result = quoted(sums, forward, kink, right)
    if deterministicVariance != nil {
      result.price = intrinsic
      result.greeks.delta = black.greeks.delta
      result.greeks.gamma = black.greeks.gamma
    } else {
      let put = (kink * sums.payoff[0] + forward * sums.constants[0]) + (strike - kink)
      result.price =
        intrinsic + (isInside ? FourierGrid.timeValue(forward, strike, put: put) : 0)
      if !isInside { result.greeks.delta = black.greeks.delta }
      // Beyond F e^b a put is a forward contract.
      if kink != strike { result.greeks.gamma = 0 }
    }
    result.netCoinDelta = result.greeks.delta - result.price / forward
    return result
  }

  /// The price in coin of an inverse option, and the sensitivities of that coin price.
  ///
  /// - Parameters: As for ``FourierSlice/price(forward:strike:right:)``.
  /// - Returns: Delta is that of the coin price, coin per quote unit; to hedge, see
  ///   ``ModelValue/netCoinDelta``.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public func coinValue(
    forward: Double, strike: Double, right: OptionRight
  ) throws(PricingError) -> ModelValue {
    var result = try value(forward: forward, strike: strike, right: right)
    let quoted = result.greeks
    let delta = result.netCoinDelta / forward
    result.price /= forward
    result.greeks = OptionGreeks(
      delta: delta,
      gamma: (quoted.gamma - 2 * delta) / forward,
      vega: quoted.vega / forward,
      theta: quoted.theta / forward,
      vanna: (quoted.vanna - quoted.vega / forward) / forward,
      volga: quoted.volga / forward)
    for parameter in parameters {
      result.sensitivities[parameter] = result.sensitivities[parameter].map { $0 / forward }
    }
    return result
  }

  /// Everything but the price, from the sums over the terms.
  private func quoted(
    _ sums: FourierSums, _ forward: Double, _ kink: Double, _ right: OptionRight
  ) -> ModelValue {
    let ratio = kink / forward
    func change(_ column: Int) -> Double {
      kink * sums.payoff[column] + forward * sums.constants[column]
    }
    let byVariance = change(1)
    var sensitivities = ModelSensitivities()
    for (index, parameter) in parameters.enumerated() {
      sensitivities[parameter] = change(Self.fixedColumns + index)
    }
    let greeks = OptionGreeks(
      delta: (right == .call ? 1 : 0) + (sums.constants[0] - ratio * sums.slope),
      gamma: ratio / forward * sums.density,
      vega: 2 * volatility * byVariance,
      theta: 0 - change(3),
      vanna: 2 * volatility * (sums.constants[1] - ratio * sums.slopeByVariance),
      volga: 4 * (volatility * volatility) * change(2) + 2 * byVariance)
    return ModelValue(price: 0, greeks: greeks, sensitivities: sensitivities, netCoinDelta: 0)
  }

  private func sums(at distance: Double) -> FourierSums {
    var sums = FourierSums(constants: constants)
    var wave = CosineWave(grid: grid, distance: distance)
    var start = 0
    for (index, u) in grid.frequencies.enumerated() {
      let payoff = wave.payoff(index)
      let slope = wave.cosine + u * wave.sine
      sums.density += rows[start] * ((1 + u * u) * wave.cosine)
      sums.slope += rows[start] * slope
      sums.slopeByVariance += rows[start + 1] * slope
      for column in 0..<columnCount { sums.payoff[column] += rows[start + column] * payoff }
      wave.advance(past: index)
      start += columnCount
    }
    return sums
  }
}

/// Sums over the terms at one strike.
private struct FourierSums {
  /// Σ A_j (sin θ_j / u_j - cos θ_j), a column for A_j and each of its derivatives.
  var payoff: [Double]
  /// The first column's derivative by ln K, and the second's.
  var slope = 0.0
  var slopeByVariance = 0.0
  /// The density of x.
  var density = 0.0

  /// e^a Σ A_j, for each column.
  let constants: [Double]

  init(constants: [Double]) {
    self.constants = constants
    payoff = [Double](repeating: 0, count: constants.count)
  }

  /// Those of a strike that will surely pay, or surely not.
  static func none(_ columnCount: Int) -> FourierSums {
    FourierSums(constants: [Double](repeating: 0, count: columnCount))
  }
}
