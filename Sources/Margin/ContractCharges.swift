// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

/// What the requirement needs to know of one contract at one market, in one place of memory.
struct ContractCharges: Sendable {
  // Fixed by the listing.
  let settlement: Int32
  let underlying: Int32
  let expiry: Int32
  let strike: Int32
  let tierStart: Int32
  let isOption: Bool
  let isReciprocal: Bool
  /// 10^−8 of base units (linear, options) or quote units (reciprocal) per size step.
  let stepQuantity: Int64
  let initialPerUnit: Int64
  let maintenancePerUnit: Int64

  // Of the block.
  var isPriced = false
  var unitValue: Int64 = 0
  /// 10^−8 of base units per size step.
  var baseQuantity: Int64 = 0
  var notional = StepNotional.zero
  /// Requirement of a short option less its mark.
  var shortInitial = StepMoney.zero
  var shortMaintenance = StepMoney.zero
  /// Close fee and funding per size step, millionths with 20 binary places, rounded up.
  var provisionLong: Int64 = 0
  var provisionShort: Int64 = 0
  /// What of these is for a settlement asset off its peg.
  var pegLong: Int64 = 0
  var pegShort: Int64 = 0
  /// What of these is for a volatility that is not known well.
  var bandLong: Int64 = 0
  var bandShort: Int64 = 0
  /// 10^−8 of base units per size step that move with the underlying; 0 where no charge asks.
  var deltaQuantity: Int64 = 0

  static var provisionBits: Int128 { 20 }

  init(
    _ contract: Contract, _ place: ListingLayout.Place, tierStart: Int, _ table: TierTable
  ) {
    settlement = Int32(place.settlement)
    underlying = Int32(place.underlying)
    expiry = Int32(place.expiry)
    strike = Int32(place.strike)
    self.tierStart = Int32(tierStart)
    isOption = contract.isOption
    isReciprocal = contract.isReciprocal
    stepQuantity = contract.stepQuantity
    initialPerUnit = table.initialPerUnit.billionths
    maintenancePerUnit = table.maintenancePerUnit.billionths
  }
}

extension Tier {
  static let none = Tier(
    upperSteps: .max, initial: TierRate(rate: .zero, deduction: 0),
    maintenance: TierRate(rate: .zero, deduction: 0), penaltyRate: 0)
}

/// An initial and a maintenance charge, millionths of the quote currency, not negative.
struct ChargePair: Hashable, Sendable {
  var initial: Int64
  var maintenance: Int64

  static let zero = ChargePair(initial: 0, maintenance: 0)

  static func + (left: Self, right: Self) -> Self {
    ChargePair(
      initial: QuoteMoney.sum(left.initial, right.initial),
      maintenance: QuoteMoney.sum(left.maintenance, right.maintenance))
  }
}

/// Money per size step, exact: whole millionths and 10^−10 of them.
struct StepMoney: Hashable, Sendable {
  private let whole: Int64
  private let rest: Int64

  static let zero = StepMoney(quantity: 0, price: 0)

  /// - Parameters:
  ///   - quantity: 10^−8 of base units, not negative.
  ///   - price: 10^−8 of the quote currency, not negative.
  init(quantity: Int64, price: Int64) {
    let product = Int128(quantity) * Int128(price)
    whole = Int64(clamping: product / 10_000_000_000)
    rest = Int64(product % 10_000_000_000)
  }

  /// The money of so many steps, rounded up and at most the limit of requirements.
  @inline(__always)
  func of(_ steps: Int64) -> Int64 {
    guard steps < 1 << 28, whole < 1 << 32 else { return wide(steps) }
    return whole * steps + (rest * steps + 9_999_999_999) / 10_000_000_000
  }

  /// The same for sizes and prices whose products need 128 bits.
  private func wide(_ steps: Int64) -> Int64 {
    let fraction = (Int128(rest) * Int128(steps)).divided(by: 10_000_000_000, rounding: .up)
    return QuoteMoney.clampedCharge(Int128(whole) * Int128(steps) + fraction)
  }
}

// MARK: A block's charges

extension RequirementEngine {
  /// Takes over mark and market of one contract.
  mutating func recharge(_ index: Int) throws(MarginError) {
    let contract = layout.listing.contracts[index]
    let place = layout.places[index]
    guard let market = marked.markets[place.underlying], valuations[place.settlement].isPriced
    else {
      charges[index].isPriced = false
      return
    }
    let mark = marked.marks[index]
    charges[index].isPriced = true
    charges[index].unitValue = mark.unitValue
    setNotional(index, contract, market.index, mark.unitValue)
    TierSchedule(
      table: tierTables[place.underlying],
      quantityPerStep: charges[index].baseQuantity, notional: charges[index].notional,
      shrink: netTiers[place.underlying].shrink
    ).write(to: &tiers, at: Int(charges[index].tierStart))
    if case .option(let right, let strike, _) = contract.kind {
      let worth =
        contract.settlement == .inverse
        ? coinMarkInQuote(mark.price, market.index) : mark.price
      let margin = StandaloneOptionMargin(
        short: right, strike: strike, spot: market.index, mark: worth, parameters.option)
      charges[index].shortInitial = StepMoney(
        quantity: contract.stepQuantity, price: margin.initial - worth.steps)
      charges[index].shortMaintenance = StepMoney(
        quantity: contract.stepQuantity, price: margin.maintenance - worth.steps)
    }
    if hasDeltaTerms || collateral.hasWrongWay {
      charges[index].deltaQuantity = deltaQuantity(index)
    }
    let basis = if case .perpetual = contract.kind { market.basis } else { Rate.zero }
    let band = volatilityBand(index, place, market.underlying)
    guard setProvision(index, basis: basis, peg: pegRate(place.settlement), band: band) else {
      throw .cellOutOfRange(contract.name)
    }
  }

  private func coinMarkInQuote(_ price: Price, _ index: Price) -> Price {
    let product = Int128(price.steps) * Int128(index.steps)
    let steps = product.divided(by: Int128(Price.stepsPerOne), rounding: .halfEven)
    return Price(steps: Int64(min(steps, Int128(Price.limit))))
  }

  /// Futures and spot at the mark, options at the index of their underlying.
  private mutating func setNotional(
    _ index: Int, _ contract: Contract, _ spot: Price, _ unitValue: Int64
  ) {
    let decimals = Int(contract.settlementAsset.decimals)
    if contract.isReciprocal {
      // 10^−decimals of coin to 10^−8 of base units; 10^−8 of quote units to millionths.
      charges[index].baseQuantity = -unitValue * powerOfTen(8 - decimals)
      charges[index].notional = StepNotional(numerator: contract.stepQuantity, denominator: 100)
    } else if contract.isOption {
      charges[index].baseQuantity = contract.stepQuantity
      let product = Int128(contract.stepQuantity) * Int128(spot.steps)
      let perStep = product.divided(by: 10_000_000_000, rounding: .up)
      charges[index].notional = StepNotional(
        numerator: Int64(clamping: perStep), denominator: 1)
    } else {
      charges[index].baseQuantity = contract.stepQuantity
      let valuation = valuations[Int(charges[index].settlement)]
      let isQuote = layout.collateralUnderlyings[Int(charges[index].settlement)] < 0
      charges[index].notional =
        isQuote
        ? StepNotional(
          numerator: unitValue * valuation.debtNumerator, denominator: valuation.denominator)
        : StepNotional(
          numerator: QuoteMoney.clampedCharge(
            valuation.indexWorth(Int128(unitValue), rounding: .up)),
          denominator: 1)
    }
  }

  /// - Parameters:
  ///   - peg: Of the settlement asset, billionths.
  ///   - band: For volatility, millionths with binary places; `nil` leaves every field.
  /// - Returns: Whether the provision fits its field.
  private mutating func setProvision(
    _ index: Int, basis: Rate, peg: Int64, band: (long: Int64, short: Int64)?
  ) -> Bool {
    let notional = charges[index].notional
    let perStep = Int128(notional.numerator) << ContractCharges.provisionBits
    let expected = parameters.fundingShare.share(of: abs(basis.billionths), rounding: .up)
    let funding = min(expected, Rate.one.billionths)
    let fee = parameters.closeFee.billionths
    let long = fee + (basis > .zero ? funding : 0)
    let short = fee + (basis < .zero ? funding : 0)
    let divisor = Int128(notional.denominator) * 1_000_000_000
    let longCharge = (perStep * Int128(long)).divided(by: divisor, rounding: .up)
    let shortCharge = (perStep * Int128(short)).divided(by: divisor, rounding: .up)
    let pegCharge = (perStep * Int128(peg)).divided(by: divisor, rounding: .up)
    // Of options and spot only shorts, of futures and perpetuals both sides.
    let pegLong = charges[index].isOption || isSpot(index) ? 0 : pegCharge
    guard let band,
      let provisionLong = Int64(exactly: longCharge + pegLong + Int128(band.long)),
      let provisionShort = Int64(exactly: shortCharge + pegCharge + Int128(band.short))
    else { return false }
    charges[index].provisionLong = provisionLong
    charges[index].provisionShort = provisionShort
    charges[index].pegLong = Int64(pegLong)
    charges[index].pegShort = Int64(pegCharge)
    charges[index].bandLong = band.long
    charges[index].bandShort = band.short
    return true
  }

  private func isSpot(_ index: Int) -> Bool {
    if case .spot = layout.listing.contracts[index].kind { true } else { false }
  }
}

// MARK: Stand-alone charges

// By dense index rather than by value: charges are too large to copy for every position.
extension RequirementEngine {
  /// Where the tier of a position stands, options by their underlying quantity.
  @inline(__always)
  func tierPlace(_ index: Int, steps: Int64) -> Int {
    var place = Int(charges.span[index].tierStart)
    let tiers = tiers.span
    let size = steps.magnitude
    while size > UInt64(bitPattern: tiers[place].upperSteps) { place += 1 }
    return place
  }

  /// What a position is charged in isolated and cross mode; each charge is rounded up.
  ///
  /// - Parameter tier: As by ``tierPlace(_:steps:)``.
  @inline(__always)
  func standaloneCharge(_ index: Int, steps: Int64, _ tier: Int) -> ChargePair {
    if charges.span[index].isOption { return optionCharge(index, steps: steps) }
    let notional = charges.span[index].notional.of(Int64(steps.magnitude))
    guard charges.span[index].initialPerUnit == 0 else {
      return sizeLinearCharge(index, steps: steps, notional: notional, tier)
    }
    return ChargePair(
      initial: tiers.span[tier].initial.charge(notional),
      maintenance: tiers.span[tier].maintenance.charge(notional))
  }

  func standaloneCharge(_ index: Int, steps: Int64) -> ChargePair {
    steps == 0
      ? .zero : standaloneCharge(index, steps: steps, tierPlace(index, steps: steps))
  }

  private func optionCharge(_ index: Int, steps: Int64) -> ChargePair {
    if steps > 0 {
      let units = Int128(steps) * Int128(charges.span[index].unitValue)
      let asset = Int(charges.span[index].settlement)
      let worth = valuations.span[asset].worth(units, rounding: .up)
      let charge = QuoteMoney.charge(
        QuoteMoney.clampedCharge(worth), rate: parameters.option.longValue.billionths)
      return ChargePair(initial: charge, maintenance: charge)
    }
    return ChargePair(
      initial: charges.span[index].shortInitial.of(-steps),
      maintenance: charges.span[index].shortMaintenance.of(-steps))
  }

  /// notional × (rate + rate per unit × base units), rounded up.
  private func sizeLinearCharge(
    _ index: Int, steps: Int64, notional: Int64, _ tier: Int
  ) -> ChargePair {
    let quantity = Int128(abs(steps)) * Int128(charges[index].baseQuantity)
    func charge(_ rate: Int64, perUnit: Int64) -> Int64 {
      // Rates in 10^−17: billionths times 10^−8 of a base unit.
      let total = Int128(rate) * 100_000_000 + quantity * Int128(perUnit)
      let (product, overflows) = total.multipliedReportingOverflow(by: Int128(notional))
      guard !overflows else { return QuoteMoney.limit }
      return QuoteMoney.clampedCharge(
        product.divided(by: 100_000_000_000_000_000, rounding: .up))
    }
    return ChargePair(
      initial: charge(tiers[tier].initial.rate, perUnit: charges[index].initialPerUnit),
      maintenance: charge(
        tiers[tier].maintenance.rate, perUnit: charges[index].maintenancePerUnit))
  }
}
