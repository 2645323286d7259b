// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

extension ModelRules {
  /// Factors on an expiry's shocked value v at rate r, time τ and discount D: a value counts
  /// v·longBase·e^(−τ(r·longRate + longSpread)), a debt
  /// v·min(1/D, shortBase·e^(τ(r·shortRate + shortSpread))).
  ///
  /// Source of the form: Derive, portfolio manager 2.
  public struct Discount: Hashable, Sendable {
    public let longBase: Rate
    public let shortBase: Rate
    public let longRate: Rate
    public let shortRate: Rate
    public let longSpread: Rate
    public let shortSpread: Rate

    init(_ reader: inout ModelReader) throws(ParameterError) {
      longBase = try reader.rate("discount.longBase")
      shortBase = try reader.rate("discount.shortBase")
      longRate = try reader.rate("discount.longRate")
      shortRate = try reader.rate("discount.shortRate")
      longSpread = try reader.rate("discount.longSpread")
      shortSpread = try reader.rate("discount.shortSpread")
    }
  }

  /// Each expiry's worse loss of ± shift, times share + sharePerYear × τ.
  public struct Forward: Hashable, Sendable {
    public let shift: Rate
    public let share: Rate
    public let sharePerYear: Rate
  }

  /// Each expiry's |delta| at the index × max(leastMove, annualMove × τ).
  public struct Roll: Hashable, Sendable {
    public let leastMove: Rate
    public let annualMove: Rate
  }

  /// |delta| at the index × min(most, perUnit × base units above the threshold).
  public struct DeltaShock: Hashable, Sendable {
    /// Millionths of the quote currency.
    public let threshold: Int64
    public let perUnit: Rate
    public let most: Rate
  }

  /// (net × |Δ| + hedged × (Σ|Δ| − |Δ|)/2) × index.
  public struct MinimumDelta: Hashable, Sendable {
    public let net: Rate
    public let hedged: Rate
  }

  /// rate × notional, times the multiple of the step that the product falls into.
  public struct MinimumLadder: Hashable, Sendable {
    public let rate: Rate
    public let steps: ModelLadder
  }

  /// (1 − confidence) × factor × notional where confidence is below the threshold.
  public struct Confidence: Hashable, Sendable {
    public let threshold: Rate
    public let factor: Rate
  }

  /// Close fee and funding reserved, as the requirement engine does.
  public struct Provision: Hashable, Sendable {
    public let closeFee: Rate
    public let fundingShare: Rate
  }

  /// Initial rate r → r + (1 − r)·clamp((open interest − lower)/(upper − lower), 0, 1).
  public struct OpenInterest: Hashable, Sendable {
    /// Millionths of the quote currency.
    public let lower: Int64
    public let upper: Int64
  }

  /// Maintenance rates of a position at its mark.
  public enum RiskFactors: Hashable, Sendable {
    case stated(long: Rate, short: Rate)
    case logNormal(LogNormal)
  }

  /// A log-normal price and the tail whose average is charged.
  public struct LogNormal: Hashable, Sendable {
    public let volatility: Rate
    public let drift: Rate
    public let horizon: TimeSpan
    public let tail: Rate

    init(_ reader: inout ModelReader) throws(ParameterError) {
      volatility = try reader.rate("logNormal.volatility")
      drift = try reader.rate("logNormal.drift")
      horizon = try reader.duration("logNormal.horizon")
      tail = try reader.rate("logNormal.tail")
    }
  }

  /// mark × (linear × |size| + quadratic × size²).
  public struct Slippage: Hashable, Sendable {
    public let linear: Rate
    public let quadratic: Rate
  }
}

/// The scenarios of one underlying.
public struct ModelScanTerms: Hashable, Sendable {
  /// What a tail counts with.
  public enum TailShare: Hashable, Sendable {
    case fixed(Rate)
    /// This ÷ |shift|.
    case damper(Rate)
    /// This × range ÷ |shift|.
    case rangeDamper(Rate)
  }

  /// How the profits of one settlement currency count.
  public struct Settled: Hashable, Sendable {
    /// Share of a gain that offsets the other currency's loss.
    public let gainShare: Rate
    /// The most of it, millionths of the quote currency; `nil` for no limit.
    public let gainLimit: Int64?
    /// Part of a tail's loss that does not count, millionths of the quote currency; `nil` where
    /// tails count as the other rows do.
    public let deduction: Int64?

    fileprivate init(_ reader: inout ModelReader, _ name: String) throws(ParameterError) {
      gainShare = try reader.rate("scan.\(name).gainShare", default: .one)
      gainLimit =
        reader.states("scan.\(name).gainLimit") ? try reader.raw("scan.\(name).gainLimit") : nil
      deduction =
        reader.states("tail.\(name).deduction") ? try reader.raw("tail.\(name).deduction") : nil
    }
  }

  public struct Row: Hashable, Sendable {
    public let shift: Rate
    /// 1 up, 0 unchanged, −1 down.
    public let volatility: Int64
    public let share: Rate
  }

  public let range: Rate
  public let steps: Int64
  public let hasUnchanged: Bool
  public let movesVolatility: Bool
  public let edgesOnlyUp: Bool
  public let inCoin: Bool
  public let holdingsMove: Bool
  /// Of what is settled in coin.
  public let coin: Settled
  /// Of what is settled in the quote currency.
  public let quote: Settled
  public let rows: [Row]
  public let tails: [Rate]
  public let tailShare: TailShare?
  public let clipsLinear: Bool

  var needsVolatility: Bool {
    !tails.isEmpty || rows.contains { $0.volatility != 0 } || (steps > 0 && movesVolatility)
  }

  init(_ reader: inout ModelReader) throws(ParameterError) {
    range = try reader.rate("scan.range")
    steps = try reader.raw("scan.steps")
    hasUnchanged = try reader.flag("scan.hasUnchanged", default: true)
    movesVolatility = try reader.flag("scan.movesVolatility", default: true)
    edgesOnlyUp = try reader.flag("scan.edgesOnlyUp", default: false)
    inCoin = try reader.flag("scan.inCoin", default: false)
    holdingsMove = try reader.flag("scan.holdingsMove", default: false)
    coin = try Settled(&reader, "coin")
    quote = try Settled(&reader, "quote")
    rows = try reader.rows("row", besides: "scan.steps") {
      (reader, beginning) throws(ParameterError) in
      Row(
        shift: try reader.rate(beginning + "shift"),
        volatility: try reader.raw(beginning + "volatility"),
        share: try reader.rate(beginning + "share"))
    }
    tails = try reader.rows("tail") { (reader, beginning) throws(ParameterError) in
      let shift = try reader.rate(beginning + "shift")
      guard shift != .zero else {
        throw .inconsistent(key: reader.key(beginning + "shift"), reason: "no move at all")
      }
      return shift
    }
    tailShare = tails.isEmpty ? nil : try reader.tailShare()
    clipsLinear = tails.isEmpty ? false : try reader.flag("tail.clipsLinear", default: false)
    guard !tails.isEmpty || coin.deduction == nil && quote.deduction == nil else {
      throw .missing(key: reader.key("tail.1.shift"))
    }
    guard steps > 0 || !rows.isEmpty else {
      throw .inconsistent(key: reader.key("scan.steps"), reason: "no scenario at all")
    }
    guard hasUnchanged || movesVolatility else {
      throw .inconsistent(
        key: reader.key("scan.hasUnchanged"), reason: "no volatility for any row of the grid")
    }
    guard !edgesOnlyUp || movesVolatility else {
      throw .inconsistent(
        key: reader.key("scan.edgesOnlyUp"), reason: "volatility does not move")
    }
  }
}

extension ModelReader {
  fileprivate mutating func tailShare() throws(ParameterError) -> ModelScanTerms.TailShare {
    let names = ["tail.share", "tail.damper", "tail.rangeDamper"].filter { states($0) }
    guard let name = names.first else { throw .missing(key: key("tail.damper")) }
    guard names.count == 1 else {
      throw .inconsistent(key: key(names[1]), reason: "stated beside \(name)")
    }
    let rate = try rate(name)
    switch name {
    case "tail.share": return .fixed(rate)
    case "tail.damper": return .damper(rate)
    default: return .rangeDamper(rate)
    }
  }
}

/// How far a scenario moves volatility.
public struct ModelVolatilityTerms: Hashable, Sendable {
  public let isAdditive: Bool
  public let shock: VolatilityShockParameters

  init(_ reader: inout ModelReader) throws(ParameterError) {
    isAdditive = try reader.flag("volatility.isAdditive", default: false)
    shock = VolatilityShockParameters(
      up: try reader.rate("volatility.up"), down: try reader.rate("volatility.down"),
      exponents: ExponentPair(
        short: try reader.rate("volatility.shortPower"),
        long: try reader.rate("volatility.longPower")),
      shortestExpiry: try reader.duration("volatility.shortestExpiry"),
      minimumVolatility: try reader.rate("volatility.minimumUp", default: .zero),
      smallestUp: try reader.rate("volatility.leastUp", default: .zero))
  }
}

/// The stand-alone margin of options, as shares of spot.
public struct ModelOptionTerms: Hashable, Sendable {
  public let base: Rate
  public let least: Rate
  public let call: Rate
  public let put: Rate
  public let putMark: Rate
  public let putInitial: Rate
  public let longValue: Rate
  /// Where stated, an expiry is charged at most its largest loss at expiry plus this share of
  /// the forward for each short call that no long one covers.
  public let unpaired: ModelRates?

  init(_ reader: inout ModelReader) throws(ParameterError) {
    base = try reader.rate("option.base")
    least = try reader.rate("option.least")
    call = try reader.rate("option.call")
    put = try reader.rate("option.put")
    putMark = try reader.rate("option.putMark")
    putInitial = try reader.rate("option.putInitial")
    longValue = try reader.rate("option.longValue")
    unpaired =
      reader.states("option.unpairedInitial") || reader.states("option.unpairedMaintenance")
      ? ModelRates(
        initial: try reader.rate("option.unpairedInitial"),
        maintenance: try reader.rate("option.unpairedMaintenance")) : nil
    if let unpaired, unpaired.maintenance > unpaired.initial {
      throw .inconsistent(
        key: reader.key("option.unpairedMaintenance"), reason: "above the initial rate")
    }
  }
}

extension SkewShockParameters {
  init(_ reader: inout ModelReader) throws(ParameterError) {
    self.init(
      cap: try reader.rate("skew.cap"), capSlope: try reader.rate("skew.capSlope"),
      leastWidth: try reader.rate("skew.leastWidth"), width: try reader.rate("skew.width"),
      reference: try reader.rate("skew.reference"),
      referenceSlope: try reader.rate("skew.referenceSlope"))
  }
}
