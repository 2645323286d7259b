// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What the requirement adds to scenarios, tiers and haircuts, and how underlyings offset.
///
/// A parameter that a file does not state has its neutral value: no offset, no charge.
public struct MarginTermParameters: Hashable, Sendable {
  public let netting: SymbolTable<NettingParameters>
  public let size: SymbolTable<SizeChargeParameters>
  public let basis: SymbolTable<BasisParameters>
  /// By settlement asset.
  public let peg: SymbolTable<PegParameters>
  /// A portfolio's scenario loss counts as this share of its net sizes' tier charges at least.
  public let tierShare: Rate
  /// The first tier ends at this multiple of the stressed daily volume at the latest.
  ///
  /// The others end in proportion; 0 leaves the table as published. By underlying.
  public let tierVolumes: SymbolTable<Rate>
  /// What is not known of volatilities, by underlying.
  public let marks: SymbolTable<MarkUncertaintyParameters>
  /// Whether net sizes of isolated and cross accounts are charged as those of portfolios.
  public let chargesStandaloneSizes: Bool

  init(_ set: ParameterSet) throws(ParameterError) {
    let reader = TermReader(set: set)
    let names = try reader.symbols(["netting", "size", "basis", "peg", "tiers", "mark"])
    netting = try names.table { owner throws(ParameterError) in
      NettingParameters(
        correlation: try owner.rate("netting", "correlation"),
        offsetCap: try owner.rate("netting", "offsetCap"))
    }
    size = try names.table { owner throws(ParameterError) in
      try SizeChargeParameters(owner)
    }
    basis = try names.table { owner throws(ParameterError) in
      BasisParameters(
        rate: try owner.rate("basis", "rate"), ratePerYear: try owner.rate("basis", "ratePerYear"))
    }
    peg = try names.table { owner throws(ParameterError) in
      PegParameters(
        threshold: try owner.rate("peg", "threshold"), factor: try owner.rate("peg", "factor"))
    }
    tierShare = try reader.value("margin.tierShare", else: 0)
    tierVolumes = try names.table { owner throws(ParameterError) in
      try owner.rate("tiers", "volumeMultiple")
    }
    marks = try names.table { owner throws(ParameterError) in
      MarkUncertaintyParameters(
        ordinary: try owner.rate("mark", "volatilityUncertainty"),
        free: try owner.rate("mark", "freeVolatility"),
        factor: try owner.rate("mark", "volatilityFactor"))
    }
    let standalone = "margin.standaloneSize"
    chargesStandaloneSizes = set.states(standalone) ? try set.raw(standalone) == 1 : false
  }
}

/// How an underlying's losses net with those of others.
@frozen
public struct NettingParameters: Hashable, Sendable {
  /// Measured correlation of its returns with the common factor, 0 to 1.
  public let correlation: Rate
  /// The largest part of a smaller loss that a larger one may take up.
  public let offsetCap: Rate

  @inlinable
  public init(correlation: Rate, offsetCap: Rate) {
    self.correlation = correlation
    self.offsetCap = offsetCap
  }
}

/// What the prices of one underlying's expiries may move apart, as a share of its price.
@frozen
public struct BasisParameters: Hashable, Sendable {
  public let rate: Rate
  /// Added per year to expiry.
  public let ratePerYear: Rate

  @inlinable
  public init(rate: Rate, ratePerYear: Rate) {
    self.rate = rate
    self.ratePerYear = ratePerYear
  }
}

/// When a settlement asset counts as off its peg of one, and what that costs.
@frozen
public struct PegParameters: Hashable, Sendable {
  /// Below this price; 0 is never.
  public let threshold: Rate
  /// The charge per unit of distance below it, on the notional of shorts and perpetuals.
  public let factor: Rate

  @inlinable
  public init(threshold: Rate, factor: Rate) {
    self.threshold = threshold
    self.factor = factor
  }
}

/// A scenario stated by itself: spot, volatility and time together.
@frozen
public struct ScenarioRow: Hashable, Sendable {
  public let shift: Rate
  /// Times every volatility.
  public let volatilityFactor: Rate
  /// Time that has passed.
  public let elapsed: TimeSpan

  @inlinable
  public init(shift: Rate, volatilityFactor: Rate, elapsed: TimeSpan) {
    self.shift = shift
    self.volatilityFactor = volatilityFactor
    self.elapsed = elapsed
  }
}

/// Moves of the surface beyond tilt and bend; zero leaves the scenario out.
@frozen
public struct TwistParameters: Hashable, Sendable {
  /// Relative move of an expiry in 30 days; others by the exponents of the volatility shock.
  public let term: Rate
  /// Share of the skew scenarios' cap between the wings and the money.
  public let smile: Rate

  @inlinable
  public init(term: Rate, smile: Rate) {
    self.term = term
    self.smile = smile
  }

  public static let none = TwistParameters(term: .zero, smile: .zero)
}

/// What a portfolio's options are charged for not knowing volatility well.
///
/// Each long counts as if volatility were lower and each short as if it were higher, by the share
/// factor × (uncertainty − free)⁺.
@frozen
public struct MarkUncertaintyParameters: Hashable, Sendable {
  /// Relative uncertainty of volatilities where a market states none.
  public let ordinary: Rate
  /// Uncertainty up to this is free.
  public let free: Rate
  /// 0 for no charge.
  public let factor: Rate

  @inlinable
  public init(ordinary: Rate, free: Rate, factor: Rate) {
    self.ordinary = ordinary
    self.free = free
    self.factor = factor
  }
}
