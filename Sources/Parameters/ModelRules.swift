// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The terms of one underlying; absent ones charge nothing.
public struct ModelRules: Hashable, Sendable {
  public private(set) var scan: ModelScanTerms?
  public private(set) var volatility: ModelVolatilityTerms?
  public private(set) var skew: SkewShockParameters?
  public private(set) var discount: Discount?
  public private(set) var forward: Forward?
  public private(set) var roll: Roll?
  public private(set) var deltaShock: DeltaShock?
  /// Rate on delta that one expiry offsets in another.
  public private(set) var calendar: Rate?
  public private(set) var thetaHorizon: TimeSpan?
  public private(set) var vegaPoints: Rate?

  public private(set) var extremeMove: Rate?
  public private(set) var minimumShortOption: Rate?
  public private(set) var minimumDelta: MinimumDelta?
  public private(set) var ladder: MinimumLadder?

  public private(set) var perpetual: ModelRates?
  public private(set) var shortOption: ModelRates?
  public private(set) var collateral: ModelRates?
  public private(set) var confidence: Confidence?
  public private(set) var provision: Provision?

  public private(set) var option: ModelOptionTerms?
  public private(set) var tiers: TierTable?
  public private(set) var openInterest: OpenInterest?
  public private(set) var factors: RiskFactors?
  public private(set) var slippage: Slippage?

  static let none = ModelRules()

  private init() {}

  init(_ reader: inout ModelReader) throws(ParameterError) {
    if reader.states(term: "scan") { scan = try ModelScanTerms(&reader) }
    if reader.states(term: "volatility") { volatility = try ModelVolatilityTerms(&reader) }
    if scan?.needsVolatility == true, volatility == nil {
      throw .missing(key: reader.key("volatility.up"))
    }
    if reader.states(term: "skew") { skew = try SkewShockParameters(&reader) }
    try readCore(&reader)
    try readFloors(&reader)
    try readCharges(&reader)
    try readPositions(&reader)
  }

  private mutating func readCore(_ reader: inout ModelReader) throws(ParameterError) {
    if reader.states(term: "discount") { discount = try Discount(&reader) }
    if reader.states(term: "forward") {
      forward = Forward(
        shift: try reader.rate("forward.shift"), share: try reader.rate("forward.share"),
        sharePerYear: try reader.rate("forward.sharePerYear"))
    }
    if reader.states(term: "roll") {
      roll = Roll(
        leastMove: try reader.rate("roll.leastMove"),
        annualMove: try reader.rate("roll.annualMove"))
    }
    if reader.states(term: "deltaShock") {
      deltaShock = DeltaShock(
        threshold: try reader.raw("deltaShock.threshold"),
        perUnit: try reader.rate("deltaShock.perUnit"), most: try reader.rate("deltaShock.most"))
    }
    if reader.states(term: "calendar") { calendar = try reader.rate("calendar.rate") }
    if reader.states(term: "theta") { thetaHorizon = try reader.duration("theta.horizon") }
    if reader.states(term: "vega") { vegaPoints = try reader.rate("vega.points") }
  }

  private mutating func readFloors(_ reader: inout ModelReader) throws(ParameterError) {
    if reader.states(term: "extreme") { extremeMove = try reader.rate("extreme.move") }
    if reader.states(term: "minimum") {
      minimumShortOption = try reader.rate("minimum.shortOption")
    }
    if reader.states(term: "minimumDelta") {
      minimumDelta = MinimumDelta(
        net: try reader.rate("minimumDelta.net"), hedged: try reader.rate("minimumDelta.hedged"))
    }
    if reader.states(term: "ladder") {
      let rate = try reader.rate("ladder.rate")
      let steps = try ModelLadder(&reader, "ladder.row", value: "multiple")
      guard !steps.rows.isEmpty else { throw .missing(key: reader.key("ladder.row.1.multiple")) }
      ladder = MinimumLadder(rate: rate, steps: steps)
    }
  }

  private mutating func readCharges(_ reader: inout ModelReader) throws(ParameterError) {
    if reader.states(term: "perpetual") { perpetual = try ModelRates(&reader, "perpetual") }
    if reader.states(term: "shortOption") { shortOption = try ModelRates(&reader, "shortOption") }
    if reader.states(term: "collateral") { collateral = try ModelRates(&reader, "collateral") }
    if reader.states(term: "confidence") {
      confidence = Confidence(
        threshold: try reader.rate("confidence.threshold"),
        factor: try reader.rate("confidence.factor"))
    }
    if reader.states(term: "provision") {
      provision = Provision(
        closeFee: try reader.rate("provision.closeFee"),
        fundingShare: try reader.rate("provision.fundingShare"))
    }
  }

  private mutating func readPositions(_ reader: inout ModelReader) throws(ParameterError) {
    if reader.states(term: "option") { option = try ModelOptionTerms(&reader) }
    if reader.states(term: "tier") { tiers = try reader.tierTable() }
    if reader.states(term: "openInterest") {
      let lower = try reader.raw("openInterest.lower")
      let upper = try reader.raw("openInterest.upper")
      guard lower < upper || upper == 0 && lower == 0 else {
        throw .inconsistent(
          key: reader.key("openInterest.upper"), reason: "does not lie above openInterest.lower")
      }
      openInterest = upper > 0 ? OpenInterest(lower: lower, upper: upper) : nil
    }
    switch (reader.states(term: "factor"), reader.states(term: "logNormal")) {
    case (true, _):
      // Stated factors stand before those of a distribution, which must still be whole.
      if reader.states(term: "logNormal") { _ = try LogNormal(&reader) }
      factors = .stated(
        long: try reader.rate("factor.long"), short: try reader.rate("factor.short"))
    case (false, true): factors = .logNormal(try LogNormal(&reader))
    case (false, false): break
    }
    if reader.states(term: "slippage") {
      slippage = Slippage(
        linear: try reader.rate("slippage.linear"),
        quadratic: try reader.rate("slippage.quadratic"))
    }
  }
}

extension ModelReader {
  /// The size tiers, checked as those of the requirement are.
  fileprivate mutating func tierTable() throws(ParameterError) -> TierTable {
    var measure = TierTable.Measure.quantity
    let rows = try self.rows("tier.row", atMost: ScanParameters.mostRows) {
      (reader, beginning) throws(ParameterError) in
      let names = [beginning + "upperQuantity", beginning + "upperNotional"]
      if reader.states(names[1]) {
        guard !reader.states(names[0]) else {
          throw .inconsistent(key: reader.key(names[1]), reason: "two measures in one table")
        }
        measure = .notional
      } else if reader.states(names[0]), measure == .notional {
        throw .inconsistent(key: reader.key(names[0]), reason: "two measures in one table")
      }
      let name = names.first { reader.states($0) }
      return TierTable.Row(
        upper: try name.map { name throws(ParameterError) in try reader.raw(name) },
        initial: try reader.rate(beginning + "initial"),
        maintenance: try reader.rate(beginning + "maintenance"), penalty: .zero)
    }
    let isMarginal = try flag("tier.isMarginal", default: false)
    return try TierTable(
      name: String(owner(of: "tier.row").dropLast(".row".count)),
      convention: isMarginal ? .marginal : .wholePosition, measure: measure, rows: rows,
      initialPerUnit: try rate("tier.initialPerUnit", default: .zero),
      maintenancePerUnit: try rate("tier.maintenancePerUnit", default: .zero))
  }
}
