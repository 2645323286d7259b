// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// When makers are asked for quotes before the book is; without a life they are not.
public struct RequestParameters: Hashable, Sendable {
  /// How long answers are taken; zero where nobody is asked.
  public let life: TimeSpan
  /// The least notional of a slice for which it is worth asking, millionths of the quote currency.
  public let minimum: Int64
  /// What the account pays whoever passed the answer on, or the venue where nobody did, as a share
  /// of the notional filled.
  public let fee: Rate
  /// Whether answers come through registered relayers alone, and none from a maker itself.
  public let isRelayed: Bool

  init(_ set: ParameterSet) throws(ParameterError) {
    func stated(_ key: String) throws(ParameterError) -> Int64 {
      set.states(key) ? try set.raw(key) : 0
    }
    life = TimeSpan(nanoseconds: try stated("requests.life"))
    minimum = try stated("requests.minimum")
    fee = Rate(billionths: try stated("requests.fee"))
    isRelayed = try stated("requests.relayed") == 1
  }

  public var isOn: Bool { life > .zero }
}

extension ParameterDefinition {
  static let requests: [ParameterDefinition] = [
    ParameterDefinition(
      "requests.life", .duration, 0...3_600_000_000_000,
      "how long registered makers may answer a request for quotes, 0 to ask nobody"),
    ParameterDefinition(
      "requests.minimum", .money, 0...1_000_000_000_000_000,
      "least notional of a slice for which makers are asked"),
    ParameterDefinition(
      "requests.fee", .rate, 0...10_000_000,
      "what the account pays the relayer of an answer, or the venue, as a share of notional"),
    ParameterDefinition(
      "requests.relayed", .flag, 0...1,
      "whether makers answer through registered relayers alone, and not themselves"),
  ]
}
