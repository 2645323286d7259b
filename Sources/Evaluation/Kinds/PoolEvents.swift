// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities

/// `pool.apply`: what each depositor of a backstop pool owns after a sequence of deposits,
/// losses with gains, and withdrawals.
func answerPool(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let decimals = Int(try request.integer("decimals", in: 0...8))
  let assets = Int(try request.integer("assets", in: 0...16))
  var run = PoolRun(decimals: decimals, assets: assets)
  _ = try request.objects("events", atMost: mostAccounts) { object throws(EvaluationRefusal) in
    try run.apply(&object)
  }
  try request.end()
  return try run.answer()
}

private enum PoolEventType: String, CaseIterable {
  case deposit
  case loss
  case withdraw
}

/// A pool and the claims on it.
private struct PoolRun {
  let decimals: Int
  let assets: Int
  private var pool: ProductSum
  /// In the order of their deposits; `nil` once all is withdrawn.
  private var claims: [(number: Int64, claim: ProductSum.Claim?)] = []
  /// By number, the place in ``claims``.
  private var places: [Int64: Int] = [:]
  private var payments: [JSONValue] = []

  init(decimals: Int, assets: Int) {
    self.decimals = decimals
    self.assets = assets
    pool = ProductSum(assetCount: assets)
  }

  mutating func apply(_ event: inout RequestObject) throws(EvaluationRefusal) {
    switch try event.choice("type", PoolEventType.allCases.map { ($0.rawValue, $0) }) {
    case .deposit: try deposit(&event)
    case .loss: try lose(&event)
    case .withdraw: try withdraw(&event)
    }
  }

  private mutating func deposit(_ event: inout RequestObject) throws(EvaluationRefusal) {
    let number = try event.integer("claim", in: 0...Int64(UInt32.max))
    let units = try event.units("units", decimals: decimals, in: 1...ProductSum.limit)
    guard places[number] == nil else {
      throw event.refusal(.inconsistent, "claim", "\(number) is a claim already")
    }
    do { claims.append((number, try pool.deposit(units))) } catch {
      throw event.refusal(.inconsistent, "units", error.description)
    }
    places[number] = claims.count - 1
  }

  private mutating func lose(_ event: inout RequestObject) throws(EvaluationRefusal) {
    let units = try event.units("units", decimals: decimals, in: 0...ProductSum.limit)
    var gains: [Int64] = []
    for (index, value) in try event.list("gains", atMost: 16, isOptional: assets == 0)
      .enumerated()
    {
      guard case .string(let text) = value,
        let gain = try? unitsFromDecimal(text, decimals: decimals),
        (0...ProductSum.limit).contains(gain)
      else {
        throw event.refusal(
          .malformedField, "gains[\(index)]",
          "expected a decimal number in quotation marks, at least 0, of \(decimals) decimals")
      }
      gains.append(gain)
    }
    guard gains.count == assets else {
      throw event.refusal(.inconsistent, "gains", "one for each of the \(assets) assets")
    }
    do { try pool.apply(loss: units, gains: gains) } catch {
      throw event.refusal(.inconsistent, "units", error.description)
    }
  }

  private mutating func withdraw(_ event: inout RequestObject) throws(EvaluationRefusal) {
    let number = try event.integer("claim", in: 0...Int64(UInt32.max))
    let units = try event.units("units", decimals: decimals, in: 0...ProductSum.limit)
    guard let place = places[number], let claim = claims[place].claim else {
      throw event.refusal(.inconsistent, "claim", "there is no claim \(number)")
    }
    do {
      let (rest, paid) = try pool.withdraw(units, from: claim)
      claims[place].claim = rest
      payments.append(worth(number, paid))
    } catch { throw event.refusal(.inconsistent, "units", error.description) }
  }

  func answer() throws(EvaluationRefusal) -> JSONValue {
    var worths: [JSONValue] = []
    var claimed: Int128 = 0
    for (number, claim) in claims {
      guard let claim else { continue }
      do throws(PoolError) {
        let now = try pool.worth(of: claim)
        claimed += Int128(now.units)
        worths.append(worth(number, now))
      } catch { throw EvaluationRefusal(.outOfRange, error.description, field: "events") }
    }
    return .fields([
      ("total", .decimal(pool.total, decimals)), ("claimed", .decimal(claimed, decimals)),
      ("unpaid", .array(pool.unpaid.map { .decimal($0, decimals) })),
      ("epoch", .integer(pool.epoch)), ("scale", .integer(pool.scale)),
      ("claims", .array(worths)), ("payments", .array(payments)),
    ])
  }

  private func worth(_ number: Int64, _ worth: ProductSum.Worth) -> JSONValue {
    .fields([
      ("claim", .integer(number)), ("units", .decimal(worth.units, decimals)),
      ("gains", .array(worth.gains.map { .decimal($0, decimals) })),
    ])
  }
}
