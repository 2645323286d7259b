// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Parameters
public import Quantities

extension RequirementEngine {
  /// Where an account stands at the engine's market.
  ///
  /// Equity is Σ per collateral asset of (balance + unrealized profits settled in it) at the
  /// index, each asset rounded down to a millionth. Isolated and cross accounts are charged
  /// position by position, by the tiers of the underlying and the stand-alone option rule, plus
  /// haircuts, and where the parameters say so the size charges of a portfolio. Portfolio accounts:
  ///
  ///     IM = max(SCAN, A_min, tier floor) + size + basis + haircuts + provisions + orders
  ///     MM = factor × (IM − orders)
  ///
  /// Every charge is rounded up. Open orders count for initial margin only.
  /// - Throws: ``MarginError`` for a portfolio that is none of this listing, or has no price.
  public func risk(
    of portfolio: borrowing Portfolio, scratch: inout RiskScratch
  ) throws(MarginError) -> AccountRisk {
    let penalty: Int64
    var charge: ChargePair
    let positionCount = portfolio.positions.count
    let wrongWay: Int64
    switch portfolio.mode {
    case .isolated, .cross:
      (charge, penalty) = try takeStock(of: portfolio, &scratch)
      let exposure = dominantExposure(portfolio, &scratch)
      let haircut = haircutCharge(scratch.held, exposure)
      wrongWay = wrongWayOfOrders(portfolio, scratch.held, exposure)
      charge = charge + ChargePair(initial: haircut, maintenance: haircut)
      if chargesStandaloneSizes {
        charge = charge + standaloneSizeCharge(portfolio.positions, &scratch)
      }
    case .portfolio:
      let provision: ChargePair
      (provision, penalty) = try takeStock(of: portfolio, &scratch)
      let exposure = dominantExposure(portfolio, &scratch)
      wrongWay = wrongWayOfOrders(portfolio, scratch.net, exposure)
      leaveUncounted(of: &scratch.held, scratch.net, exposure)
      var core = scanCharge(positionCount, &scratch)
      if hasDeltaTerms {
        let terms = deltaCharges(positionCount, &scratch)
        core = QuoteMoney.sum(max(core, terms.floor), terms.added)
      }
      core = QuoteMoney.sum(core, haircutCharge(scratch.net, exposure, isScanned: true))
      core = QuoteMoney.sum(core, provision.initial)
      charge = portfolioCharge(core)
    }
    if !portfolio.orders.isEmpty {
      let orders = try openOrderCharge(of: portfolio)
      charge.initial = QuoteMoney.sum(charge.initial, QuoteMoney.sum(orders, wrongWay))
    }
    return AccountRisk(
      equity: equity(scratch.net), initialMargin: charge.initial,
      maintenanceMargin: charge.maintenance,
      liquidationBuffer: QuoteMoney.charge(
        charge.maintenance, rate: parameters.buffer.billionths),
      penaltyRate: Rate(billionths: penalty))
  }

  /// ``risk(of:scratch:)`` with memory of its own, for single questions.
  public func risk(of portfolio: Portfolio) throws(MarginError) -> AccountRisk {
    var scratch = makeScratch()
    return try risk(of: portfolio, scratch: &scratch)
  }

  /// The penalty rate for liquidating a position: that of its tier.
  public func penaltyRate(
    of instrument: InstrumentID, size: Size
  ) throws(MarginError) -> Rate {
    guard let index = layout.index(of: instrument) else { throw .unlisted(instrument) }
    return Rate(billionths: tiers[tierPlace(index, steps: size.steps)].penaltyRate)
  }

  /// Maintenance from initial margin of a portfolio account.
  func portfolioCharge(_ core: Int64) -> ChargePair {
    ChargePair(
      initial: core,
      maintenance: QuoteMoney.charge(core, rate: parameters.maintenanceFactor.billionths))
  }
}

// MARK: Equity

extension RequirementEngine {
  /// Fills in balances and positions.
  ///
  /// - Returns: The positions' own charges (stand-alone charges, or the provisions of a
  ///   portfolio), and the highest penalty rate.
  func takeStock(
    of portfolio: borrowing Portfolio, _ scratch: inout RiskScratch
  ) throws(MarginError) -> (ChargePair, penaltyRate: Int64) {
    try loadBalances(portfolio.balances, &scratch)
    guard portfolio.positions.count <= RiskScratch.mostPositions else {
      throw .positionOutOfRange(portfolio.positions[RiskScratch.mostPositions].instrument)
    }
    if portfolio.mode == .portfolio {
      return try gather(
        portfolio.positions, &scratch.net, &scratch.held, &scratch.rows, &scratch.sizes,
        &scratch.hasOptions)
    }
    return try standaloneCharges(portfolio.positions, &scratch.net, &scratch.held)
  }

  private func standaloneCharges(
    _ positions: [Position], _ assets: inout [Int128], _ heldAssets: inout [Int128]
  ) throws(MarginError) -> (ChargePair, penaltyRate: Int64) {
    var net = assets.mutableSpan
    var held = heldAssets.mutableSpan
    var charge = ChargePair.zero
    var penalty: Int64 = 0
    let positions = positions.span
    for place in positions.indices {
      let position = positions[place]
      let (index, size) = try admitted(position)
      let steps = Int64(size)
      // In 64 bits: |size| < 2^31 and |unit value| ≤ 2^29.
      let worth = steps * charges.span[index].unitValue
      let asset = Int(charges.span[index].settlement)
      net[asset] += Int128(worth) - Int128(position.cost)
      held[asset] += Int128(haircutWorth(index, steps, worth)) - Int128(position.cost)
      let tier = tierPlace(index, steps: steps)
      penalty = max(penalty, tiers.span[tier].penaltyRate)
      charge = charge + standaloneCharge(index, steps: steps, tier)
    }
    return (charge, penalty)
  }

  /// The part of a position's worth that haircuts apply to in isolated and cross mode: nothing
  /// of a long option, whose value its own charge takes back.
  @inline(__always)
  func haircutWorth(_ index: Int, _ steps: Int64, _ worth: Int64) -> Int64 {
    charges.span[index].isOption && steps > 0 ? 0 : worth
  }

  /// Collects the positions of a portfolio for the sweep; its charge is the provision alone.
  private func gather(
    _ positions: [Position], _ assets: inout [Int128], _ heldAssets: inout [Int128],
    _ denseIndices: inout [UInt32], _ steps: inout [Int32], _ hasOptions: inout Bool
  ) throws(MarginError) -> (ChargePair, penaltyRate: Int64) {
    var net = assets.mutableSpan
    var held = heldAssets.mutableSpan
    var rows = denseIndices.mutableSpan
    var sizes = steps.mutableSpan
    var provision: Int128 = 0
    var penalty: Int64 = 0
    var optionCount = 0
    let positions = positions.span
    for place in positions.indices {
      let position = positions[place]
      let (index, size) = try admitted(position)
      let steps = Int64(size)
      let asset = Int(charges.span[index].settlement)
      let worth = steps * charges.span[index].unitValue
      net[asset] += Int128(worth) - Int128(position.cost)
      held[asset] -= Int128(position.cost)
      rows[place] = UInt32(truncatingIfNeeded: index)
      sizes[place] = size
      optionCount += charges.span[index].isOption ? 1 : 0
      provision += self.provision(index, steps)
      let tier = tierPlace(index, steps: steps)
      penalty = max(penalty, tiers.span[tier].penaltyRate)
    }
    hasOptions = optionCount > 0
    let charge = provisionCharge(provision)
    return (ChargePair(initial: charge, maintenance: 0), penalty)
  }

  /// The dense index and size of a position that can be margined now.
  @inline(__always)
  private func admitted(
    _ position: Position
  ) throws(MarginError) -> (index: Int, size: Int32) {
    guard let index = layout.index(of: position.instrument) else {
      throw .unlisted(position.instrument)
    }
    guard let size = Int32(exactly: position.size.steps), size != .min else {
      throw .positionOutOfRange(position.instrument)
    }
    guard charges.span[index].isPriced else {
      throw .unpriced(layout.listing.contracts[index].name)
    }
    return (index, size)
  }

  private func loadBalances(
    _ balances: [Int64], _ scratch: inout RiskScratch
  ) throws(MarginError) {
    guard balances.count == valuations.count else { throw .malformedBalances }
    for asset in balances.indices {
      guard balances[asset] == 0 || valuations[asset].isPriced else {
        throw .unpriced(layout.listing.collateral[asset].asset.description)
      }
      scratch.net[asset] = Int128(balances[asset])
      scratch.held[asset] = Int128(balances[asset])
    }
  }

  /// Millionths of the quote currency.
  func equity(_ net: [Int128]) -> Int64 {
    var equity: Int128 = 0
    for asset in net.indices where net[asset] != 0 {
      equity += valuations[asset].worth(net[asset], rounding: .down)
    }
    return QuoteMoney.clampedEquity(equity)
  }

  /// Close fee and funding reserved for a position, millionths with binary places.
  @inline(__always)
  func provision(_ index: Int, _ steps: Int64) -> Int128 {
    steps > 0
      ? Int128(steps) * Int128(charges.span[index].provisionLong)
      : Int128(-steps) * Int128(charges.span[index].provisionShort)
  }

  func provisionCharge(_ sum: Int128) -> Int64 {
    let bits = ContractCharges.provisionBits
    return QuoteMoney.clampedCharge((sum + ((1 << bits) - 1)) >> bits)
  }
}
