// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Parameters
import Quantities

/// A position as a table of tiers sees it.
struct TieredPosition {
  /// 10^−8 of base units, positive; `nil` when only the notional is known.
  let size: Int64?
  let price: Price?
  /// Millionths of the quote currency, rounded up.
  let notional: Int64

  /// Reads `notional`, or `size` and `price`.
  init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    guard !request.states("notional") else {
      notional = try request.units("notional", decimals: 6, in: 1...QuoteMoney.limit)
      size = nil
      price = nil
      return
    }
    let size = try request.units("size", decimals: 8, in: 1...Amount.limit)
    let price = try request.price("price")
    let money = Self.notional(size, price)
    guard money <= Int128(QuoteMoney.limit) else {
      throw request.refusal(
        .outOfBounds, "size", "a notional above \(decimalText(QuoteMoney.limit, decimals: 6))")
    }
    self.size = size
    self.price = price
    notional = Int64(money)
  }

  /// - Precondition: The notional is inside the limit, as that of every part of such a position.
  init(size: Int64, price: Price) {
    self.size = size
    self.price = price
    notional = Int64(Self.notional(size, price))
  }

  private static func notional(_ size: Int64, _ price: Price) -> Int128 {
    (Int128(size) * Int128(price.steps)).divided(by: 10_000_000_000, rounding: .up)
  }
}

/// What a table of tiers asks for one position, exactly.
///
/// The rules are those of ``Margin/RequirementEngine``, freed of size steps: the tier is that of
/// the exact measure, a charge is notional × (rate + rate per unit × size) − deduction, rounded
/// up once, and deductions are deduction_n = deduction_{n−1} + lower_n × (rate_n − rate_{n−1}).
struct TierCharge {
  /// The tier's place in the table, from 0.
  let tier: Int
  let row: TierTable.Row
  /// Rates in billionths, with what the size adds to them, rounded half to even.
  let initialRate: Rate
  let maintenanceRate: Rate
  /// Deductions in 10^−15 of the quote currency.
  let initialDeduction: Int128
  let maintenanceDeduction: Int128
  /// Millionths of the quote currency.
  let initial: Int64
  let maintenance: Int64

  /// - Precondition: A table by quantity, or with rates per unit, comes with a size.
  init(_ table: TierTable, _ position: TieredPosition) {
    let size = position.size ?? 0
    let measure = table.measure == .quantity ? size : position.notional
    let tier = table.rows.firstIndex { $0.upper.map { measure <= $0 } ?? true } ?? 0
    self.tier = tier
    row = table.rows[tier]
    var deductions: (initial: Int128, maintenance: Int128) = (0, 0)
    if table.convention == .marginal {
      for index in 0..<tier {
        let lower = Self.notional(of: table.rows[index], table.measure, position)
        let (row, next) = (table.rows[index], table.rows[index + 1])
        deductions.initial += lower * Int128((next.initial - row.initial).billionths)
        deductions.maintenance += lower * Int128((next.maintenance - row.maintenance).billionths)
      }
    }
    (initialDeduction, maintenanceDeduction) = deductions
    (initialRate, initial) = Self.charge(
      position, row.initial, perUnit: table.initialPerUnit, deductions.initial)
    (maintenanceRate, maintenance) = Self.charge(
      position, row.maintenance, perUnit: table.maintenancePerUnit, deductions.maintenance)
  }

  /// The upper end of a row in millionths, rounded down.
  private static func notional(
    of row: TierTable.Row, _ measure: TierTable.Measure, _ position: TieredPosition
  ) -> Int128 {
    let upper = Int128(row.upper ?? 0)
    guard measure == .quantity, let price = position.price else { return upper }
    return upper * Int128(price.steps) / 10_000_000_000
  }

  private static func charge(
    _ position: TieredPosition, _ rate: Rate, perUnit: Rate, _ deduction: Int128
  ) -> (Rate, Int64) {
    // Rates in 10^−17: billionths times 10^−8 of a base unit.
    let total =
      Int128(rate.billionths) * 100_000_000
      + Int128(position.size ?? 0) * Int128(perUnit.billionths)
    let shown = total.divided(by: 100_000_000, rounding: .halfEven)
    let (product, overflows) = total.multipliedReportingOverflow(by: Int128(position.notional))
    let exact = overflows ? Int128.max / 2 : product - deduction * 100_000_000
    let charge = exact.divided(by: 100_000_000_000_000_000, rounding: .up)
    return (
      Rate(billionths: Int64(clamping: shown)), Int64(min(max(charge, 0), Int128(QuoteMoney.limit)))
    )
  }
}

extension TierTable {
  /// The most tiers of a table in a request.
  static let mostRows = 64

  /// Reads a table, checked as those of parameter files are.
  init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    let convention = try request.choice(
      "convention", [("wholePosition", Convention.wholePosition), ("marginal", .marginal)])
    let measure = try request.choice(
      "measure", [("quantity", Measure.quantity), ("notional", .notional)])
    let share = Rate.zero...Rate.one
    let rows = try request.objects("rows", atMost: Self.mostRows) {
      object throws(EvaluationRefusal) in
      var upper: Int64?
      if object.states("upTo") {
        upper = try object.units(
          "upTo", decimals: measure == .quantity ? 8 : 6, in: 1...Amount.limit)
      }
      _ = object.optional("upTo")
      return Row(
        upper: upper, initial: try object.rate("initial", in: share),
        maintenance: try object.rate("maintenance", in: share),
        penalty: try object.rate("penalty", in: share, default: .zero))
    }
    let initialPerUnit = try request.rate("initialPerUnit", in: share, default: .zero)
    let maintenancePerUnit = try request.rate("maintenancePerUnit", in: share, default: .zero)
    do throws(ParameterError) {
      try self.init(
        name: request.path, convention: convention, measure: measure, rows: rows,
        initialPerUnit: initialPerUnit, maintenancePerUnit: maintenancePerUnit)
    } catch {
      guard case .inconsistent(_, let reason) = error else {
        throw EvaluationRefusal(error, at: request.path)
      }
      throw EvaluationRefusal(.inconsistent, reason, field: request.path)
    }
  }

  /// Whether a position must state its size.
  var needsSize: Bool {
    measure == .quantity || initialPerUnit != .zero || maintenancePerUnit != .zero
  }
}
