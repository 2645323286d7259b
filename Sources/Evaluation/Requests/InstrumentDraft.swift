// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// An instrument as a request describes it, before a size step is chosen.
struct InstrumentDraft {
  let path: String
  let name: String
  let underlying: AssetSymbol
  let kind: ContractKind
  let settlement: Settlement
  /// 10^−8 of base units (linear, options) or quote units (inverse futures and perpetuals);
  /// `nil` takes the coarsest of 1, 2 and 5 times powers of ten that fits.
  let step: Int64?
  /// Of a quoted option; `nil` takes the surface.
  let volatility: Double?

  /// - Parameter isNamed: Whether other parts of the request refer to it by `name`.
  init(_ request: inout RequestObject, isNamed: Bool) throws(EvaluationRefusal) {
    path = request.path
    name = isNamed ? try request.instrumentName() : "instrument"
    underlying = try request.symbol("underlying")
    settlement = try request.choice(
      "settlement", [("linear", .linear), ("inverse", .inverse)], default: .linear)
    let shape = try request.instrumentShape()
    var volatility: Double?
    switch shape {
    case .perpetual: kind = .perpetual
    case .future: kind = .future(expiry: try request.time("expiry"))
    case .option:
      kind = .option(
        try request.optionRight(), strike: try request.price("strike"),
        expiry: try request.time("expiry"))
      if request.states("volatility") { volatility = try request.volatility() }
    }
    self.volatility = volatility
    step =
      request.states("step")
      ? try request.units("step", decimals: 8, in: 1...1_000_000_000_000) : nil
    _ = request.optional("step")
    if shape == .option { _ = request.optional("volatility") }
  }

  var isOption: Bool { if case .option = kind { true } else { false } }

  /// Whether the size is in quote units and the value −(quote units ÷ price) coins.
  var isReciprocal: Bool { settlement == .inverse && !isOption }

  /// The contract with a size step that divides every size.
  ///
  /// - Parameters:
  ///   - sizes: In the units of ``step``.
  ///   - reference: A price of the underlying; the values of a step are chosen around it.
  func contract(
    id: InstrumentID, quote: Asset, sizes: [Int64], reference: Price
  ) throws(EvaluationRefusal) -> Contract {
    let step = try stepQuantity(dividing: sizes, reference: reference)
    do throws(QuantityError) {
      let asset =
        settlement == .linear ? quote : try Asset(symbol: underlying, decimals: 8)
      do throws(ContractError) {
        return try Contract(
          id: id, name: name, underlying: underlying, kind: kind, settlement: settlement,
          settlementAsset: asset, stepQuantity: step, tick: Price(steps: 1),
          highestPrice: highestPrice(step: step))
      } catch {
        throw QuantityError.notRepresentable
      }
    } catch {
      throw EvaluationRefusal(
        .outOfBounds, "a step, strike or expiry is outside the limits of a contract", field: path)
    }
  }

  /// The highest price at which a step's value is sure to fit; options may have any strike.
  private func highestPrice(step: Int64) -> Price {
    guard !isOption, !isReciprocal else { return Price(steps: Price.limit) }
    let bound = Int128(Contract.unitValueLimit) * 10_000_000_000 / Int128(step)
    return Price(steps: Int64(min(bound, Int128(Price.limit))))
  }

  private func stepQuantity(
    dividing sizes: [Int64], reference: Price
  ) throws(EvaluationRefusal) -> Int64 {
    if let step {
      guard let odd = sizes.first(where: { $0 % step != 0 }) else { return step }
      throw EvaluationRefusal(
        .inconsistent,
        "the size \(decimalText(odd, decimals: 8)) is no whole number of steps of "
          + decimalText(step, decimals: 8), field: path + ".step")
    }
    // 1, 2 and 5 times powers of ten, from the coarsest step a contract may have.
    var power: Int64 = 1_000_000_000_000
    while power > 1 {
      for step in [power, power / 2, power / 5] {
        let divides = sizes.allSatisfy { $0 % step == 0 }
        if divides && !isCoarse(step, at: reference) { return step }
      }
      power /= 10
    }
    return 1
  }

  /// Whether a step is worth more than 50 quote units, or 0.67 coins of a reciprocal contract:
  /// beyond that there is too little room for the price to move before a field is full.
  private func isCoarse(_ step: Int64, at reference: Price) -> Bool {
    if isReciprocal {
      return Int128(step) * 100_000_000 > Int128(reference.steps) << 26
    }
    return Int128(step) * Int128(reference.steps) > 50 * 10_000_000_000_000_000
  }
}

/// What kind of contract an instrument is, before its terms are read.
enum InstrumentShape {
  case perpetual
  case future
  case option
}

extension RequestObject {
  mutating func instrumentShape() throws(EvaluationRefusal) -> InstrumentShape {
    try choice("type", [("perpetual", .perpetual), ("future", .future), ("option", .option)])
  }

  mutating func instrumentName() throws(EvaluationRefusal) -> String {
    let name = try text("name")
    guard (1...40).contains(name.utf8.count) else {
      throw refusal(.outOfBounds, "name", "a name has 1 to 40 bytes")
    }
    return name
  }

  mutating func optionRight() throws(EvaluationRefusal) -> OptionRight {
    try choice("right", [("call", .call), ("put", .put)])
  }

  /// Annualized, as a number: 0.8 is 80 %.
  mutating func volatility() throws(EvaluationRefusal) -> Double {
    let volatility = try number("volatility")
    guard volatility > 0, volatility <= 100 else {
      throw refusal(.outOfBounds, "volatility", "\(volatility) is outside 0 … 100, 0 excluded")
    }
    return volatility
  }

  /// A size in 10^−8 of its unit, not zero.
  mutating func size(_ name: String = "size") throws(EvaluationRefusal) -> Int64 {
    let size = try units(name, decimals: 8, in: -Amount.limit...Amount.limit)
    guard size != 0 else { throw refusal(.outOfBounds, name, "a size of zero") }
    return size
  }
}

extension InstrumentDraft {
  /// A size in whole steps.
  func steps(
    _ size: Int64, of contract: Contract, at place: String
  ) throws(EvaluationRefusal) -> Size {
    let steps = Size(steps: size / contract.stepQuantity)
    guard steps.isPermitted else {
      throw EvaluationRefusal(
        .outOfBounds,
        "more than \(Size.limit) steps of \(decimalText(contract.stepQuantity, decimals: 8)); "
          + "state a coarser `step`", field: place)
    }
    return steps
  }
}
