// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The numbers of the requirement: scenarios, tiers, charges and the buffer above them.
public struct MarginParameters: Hashable, Sendable {
  public let scan: ScanParameters
  /// Maintenance margin ÷ initial margin of portfolio accounts, at most one.
  public let maintenanceFactor: Rate
  /// Least charge on uncovered short options, as a share of their notional.
  public let shortOptionMinimum: Rate
  /// Share of a collateral asset's positive value that does not count, by asset.
  public let haircuts: SymbolTable<Rate>
  /// Fee reserved for closing a portfolio's positions, as a share of their notional.
  public let closeFee: Rate
  /// Share of the perpetual's basis that a portfolio reserves for funding it would pay.
  public let fundingShare: Rate
  /// Liquidation ends at maintenance margin × (1 + buffer).
  public let buffer: Rate
  public let option: OptionMarginParameters
  /// The position-size tiers of each underlying.
  public let tiers: SymbolTable<TierTable>
  /// Netting of underlyings and what is charged besides scenarios, tiers and haircuts.
  public let terms: MarginTermParameters
  /// How much of an asset counts as collateral besides its flat haircut, and what owing it costs.
  public let collateral: CollateralParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    scan = try ScanParameters(set)
    maintenanceFactor = try set.rate("margin.maintenanceFactor")
    shortOptionMinimum = try set.rate("margin.shortOptionMinimum")
    haircuts = try SymbolTable(
      set, prefix: "margin.collateral.", suffix: ".haircut"
    ) { owner throws(ParameterError) in try set.rate(owner + ".haircut") }
    closeFee = try set.rate("margin.provision.closeFee")
    fundingShare = try set.rate("margin.provision.fundingShare")
    buffer = try set.rate("margin.buffer")
    option = try OptionMarginParameters(set)
    tiers = try SymbolTable(
      set, prefix: "margin.tiers.", suffix: ".isMarginal"
    ) { owner throws(ParameterError) in try TierTable(set, owner: owner) }
    terms = try MarginTermParameters(set)
    collateral = try CollateralParameters(set)
  }
}

/// The scenarios of portfolio margin.
public struct ScanParameters: Hashable, Sendable {
  /// Largest move of spot in the grid, by underlying.
  public let ranges: SymbolTable<Rate>
  /// Steps from no move to the range, on either side.
  public let stepsPerSide: Int64
  /// Moves of spot beyond the grid, in file order.
  public let tailShifts: [Rate]
  /// A tail of shift x counts with damper × range ÷ |x| of its loss.
  public let tailDamper: Rate
  /// Scenarios stated by themselves, in file order.
  public let rows: [ScenarioRow]
  public let twists: TwistParameters
  /// Whether volatility also follows spot inside the scenarios (otherwise each strike keeps its
  /// volatility, and only the shocks move it).
  public let volatilityFollowsSpot: Bool

  public init(
    ranges: SymbolTable<Rate>, stepsPerSide: Int64, tailShifts: [Rate], tailDamper: Rate,
    volatilityFollowsSpot: Bool, rows: [ScenarioRow] = [], twists: TwistParameters = .none
  ) {
    self.ranges = ranges
    self.stepsPerSide = stepsPerSide
    self.tailShifts = tailShifts
    self.tailDamper = tailDamper
    self.volatilityFollowsSpot = volatilityFollowsSpot
    self.rows = rows
    self.twists = twists
  }

  /// The most rows a table in a file may have.
  public static let mostRows = 16

  init(_ set: ParameterSet) throws(ParameterError) {
    var shifts: [Rate] = []
    while shifts.count < Self.mostRows {
      let key = "margin.tail.\(shifts.count + 1).shift"
      guard set.states(key) else { break }
      let shift = try set.rate(key)
      guard shift != .zero else { throw .inconsistent(key: key, reason: "no move at all") }
      shifts.append(shift)
    }
    self.init(
      ranges: try SymbolTable(
        set, prefix: "margin.scan.", suffix: ".range"
      ) { owner throws(ParameterError) in try set.rate(owner + ".range") },
      stepsPerSide: try set.raw("margin.scan.stepsPerSide"),
      tailShifts: shifts,
      tailDamper: try set.rate("margin.tailDamper"),
      volatilityFollowsSpot: try set.raw("margin.scan.volatilityFollowsSpot") == 1,
      rows: try Self.rows(set),
      twists: TwistParameters(
        term: try TermReader(set: set).value("margin.twist.term", else: 0),
        smile: try TermReader(set: set).value("margin.twist.smile", else: 0)))
  }

  private static func rows(_ set: ParameterSet) throws(ParameterError) -> [ScenarioRow] {
    var rows: [ScenarioRow] = []
    while rows.count < mostRows {
      let row = "margin.set.\(rows.count + 1)"
      guard set.states(row + ".shift") else { break }
      rows.append(
        ScenarioRow(
          shift: try set.rate(row + ".shift"),
          volatilityFactor: try set.rate(row + ".volatilityFactor"),
          elapsed: try set.duration(row + ".elapsed")))
    }
    return rows
  }
}

/// The stand-alone margin of options: per unit of the underlying, as shares of its price S.
///
/// Short options: initial max(base − out-of-the-money ÷ S, least)·S; maintenance
/// maintenance·S, for puts at least putMark × mark; a put's initial margin, mark included, is at
/// least putInitial × its maintenance margin, mark included. Long options: their value ×
/// longValue. The shape is that of Deribit, Aevo and Derive.
public struct OptionMarginParameters: Hashable, Sendable {
  public let base: Rate
  public let least: Rate
  public let maintenance: Rate
  public let putMark: Rate
  public let putInitial: Rate
  /// One when a long option gives no credit beyond its value, zero when its value is credit.
  public let longValue: Rate

  public init(
    base: Rate, least: Rate, maintenance: Rate, putMark: Rate, putInitial: Rate, longValue: Rate
  ) {
    self.base = base
    self.least = least
    self.maintenance = maintenance
    self.putMark = putMark
    self.putInitial = putInitial
    self.longValue = longValue
  }

  init(_ set: ParameterSet) throws(ParameterError) {
    self.init(
      base: try set.rate("margin.option.base"), least: try set.rate("margin.option.least"),
      maintenance: try set.rate("margin.option.maintenance"),
      putMark: try set.rate("margin.option.putMark"),
      putInitial: try set.rate("margin.option.putInitial"),
      longValue: try set.rate("margin.option.longValue"))
    guard least >= maintenance else {
      throw .inconsistent(
        key: "margin.option.least", reason: "below margin.option.maintenance")
    }
  }
}
