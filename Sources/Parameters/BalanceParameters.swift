// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What crowding one side of an underlying costs; none of it need be stated, and then nothing is
/// asked.
///
/// Keys are `balance.` + underlying, or `default` for all others. Imbalances are the takers' net
/// delta at the index, in millionths of the quote currency.
public struct BalanceParameters: Hashable, Sendable {
  /// `nil` where taking the market out of balance is free.
  public let entryFee: EntryFee?
  /// `nil` where funding follows the premium alone.
  public let funding: Funding?

  public struct EntryFee: Hashable, Sendable {
    /// The imbalance whose cost is known, beyond ``threshold``.
    public let depth: Int64
    /// What reaching it costs, as a share of it.
    public let cost: Rate
    /// 1 to 3; 1.5 is the square-root law of impact.
    public let exponent: Rate
    /// The most that the next unit of imbalance costs, of that unit.
    public let slopeCap: Rate
    /// What is given back of the fee, at most 80 %, out of what was collected.
    public let rebateShare: Rate
    /// The imbalance up to which nothing is asked.
    public let threshold: Int64
  }

  public struct Funding: Hashable, Sendable {
    /// Change of the rate of one interval, per hour, at the largest imbalance.
    public let velocity: Rate
    /// The imbalance beyond which the velocity grows no more.
    public let largestImbalance: Int64
    /// The largest rate of one interval, either way.
    public let cap: Rate
    /// What of the mean premium is added to the rate.
    public let premiumWeight: Rate
    /// The size for which premiums are sampled: what it costs against the depth of the entry fee,
    /// and through the depth that was reported, is taken off.
    public let impactNotional: Int64
  }

  /// - Throws: ``ParameterError/missing(key:)`` for a depth without a cost, a velocity without a
  ///   largest imbalance or a cap, and an impact without any depth, of the entry fee or reported.
  public init(_ set: ParameterSet, underlying: AssetSymbol) throws(ParameterError) {
    let reader = BalanceReader(set: set, underlying: underlying)
    let depth = try reader.raw("depth") ?? 0
    if depth > 0 {
      entryFee = EntryFee(
        depth: depth, cost: Rate(billionths: try reader.required("cost")),
        exponent: try reader.rate("exponent", usual: 1_500_000_000),
        slopeCap: try reader.rate("slopeCap", usual: 10_000_000),
        rebateShare: try reader.rate("rebateShare", usual: 800_000_000),
        threshold: try reader.raw("threshold") ?? 0)
    } else {
      entryFee = nil
    }
    let velocity = try reader.rate("velocity", usual: 0)
    guard velocity > .zero else {
      funding = nil
      return
    }
    let impact = try reader.raw("impactNotional") ?? 0
    let isReported = try StandingDepthParameters(set).isOn
    guard impact == 0 || depth > 0 || isReported else { throw .missing(key: reader.key("depth")) }
    funding = Funding(
      velocity: velocity, largestImbalance: try reader.required("largestImbalance"),
      cap: Rate(billionths: try reader.required("fundingCap")),
      premiumWeight: try reader.rate("premiumWeight", usual: 500_000_000),
      impactNotional: impact)
  }
}

/// Reads the numbers of one underlying: its own, or those of `default`.
private struct BalanceReader {
  let set: ParameterSet
  let underlying: AssetSymbol

  func key(_ name: String) -> String {
    let own = "balance.\(underlying).\(name)"
    return set.states(own) ? own : "balance.default.\(name)"
  }

  func raw(_ name: String) throws(ParameterError) -> Int64? {
    set.states(key(name)) ? try set.raw(key(name)) : nil
  }

  func required(_ name: String) throws(ParameterError) -> Int64 { try set.raw(key(name)) }

  func rate(_ name: String, usual: Int64) throws(ParameterError) -> Rate {
    Rate(billionths: try raw(name) ?? usual)
  }
}

extension ParameterDefinition {
  static let balance: [ParameterDefinition] = [
    ParameterDefinition(
      "balance.*.depth", .money, 0...1_000_000_000_000_000_000,
      "imbalance of takers whose cost is stated, 0 for no entry fee"),
    ParameterDefinition(
      "balance.*.cost", .rate, 1...1_000_000_000,
      "cost of going from balance to that imbalance, as a share of it"),
    ParameterDefinition(
      "balance.*.exponent", .rate, 1_000_000_000...3_000_000_000,
      "exponent of the imbalance in the potential of the entry fee"),
    ParameterDefinition(
      "balance.*.slopeCap", .rate, 1...1_000_000_000,
      "largest entry fee of the next unit of imbalance"),
    ParameterDefinition(
      "balance.*.rebateShare", .rate, 0...800_000_000,
      "part of an entry fee that is given back to who restores balance"),
    ParameterDefinition(
      "balance.*.threshold", .money, 0...1_000_000_000_000_000_000,
      "imbalance of takers up to which no entry fee is asked"),
    ParameterDefinition(
      "balance.*.velocity", .rate, 0...1_000_000_000,
      "change of the funding rate per hour at the largest imbalance, 0 for none"),
    ParameterDefinition(
      "balance.*.largestImbalance", .money, 1_000_000...1_000_000_000_000_000_000,
      "imbalance of takers beyond which the funding rate changes no faster"),
    ParameterDefinition(
      "balance.*.fundingCap", .rate, 1...1_000_000_000,
      "largest funding rate of an interval where it follows the imbalance"),
    ParameterDefinition(
      "balance.*.premiumWeight", .rate, 0...1_000_000_000,
      "part of the mean impact premium that is added to the funding rate"),
    ParameterDefinition(
      "balance.*.impactNotional", .money, 0...1_000_000_000_000_000_000,
      "size for which premiums are sampled: less what it costs by the entry fee or reported depth"),
  ]
}
