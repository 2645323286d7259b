// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Who gives up positions first; the number in a file.
public enum DeleveragingQueue: Int64, Hashable, Sendable, CaseIterable {
  /// The highest profit × leverage first.
  case profitTimesLeverage = 0
  /// Everybody to one leverage; hedges last, and beyond the winners where they do not suffice.
  case leverageDraining = 1
  /// The highest (mark ÷ entry) × (notional ÷ equity) first.
  case priceRatioTimesLeverage = 2
  /// Everybody the same part of a position.
  case proRata = 3
  /// Account by account from a drawn one on.
  case randomStart = 4
}

/// At what price positions are closed against each other; the number in a file.
public enum DeleveragingPrice: Int64, Hashable, Sendable, CaseIterable {
  /// Where the equity of the account in liquidation is used up.
  case bankruptcy = 0
  case mark = 1
  /// The mark, as far as the insurance fund can pay what is then owed; beyond that as much nearer
  /// the bankruptcy price as the fund lacks.
  case funded = 2
}

/// Who bears a loss the fund does not; the number in a file.
public enum SharingRule: Int64, Hashable, Sendable, CaseIterable {
  /// Winners, pro rata to their profits.
  case byProfit = 0
  /// Winners, the same part of everybody's equity, at most the profit.
  case byEquity = 1
  /// Everybody with a position in the market, longs and shorts, pro rata to its size, at most its
  /// notional and the equity.
  case bySize = 2
}

/// How positions are closed against each other and losses are shared.
public struct LossParameters: Hashable, Sendable {
  public let queue: DeleveragingQueue
  public let price: DeleveragingPrice
  public let sharing: SharingRule
  /// Above this balance, per asset in millionths of the quote currency, the fund pays winners back
  /// what they gave; `nil` when what is given is gone.
  public let repayAbove: Int64?
  /// Withdrawals stop while insolvency exceeds this part of the fund; `nil` for never.
  public let gateShare: Rate?
  /// What the fund may spend, when it warns and how large it should be.
  public let fund: FundParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    // Bounds of the definitions leave only the numbers there are.
    let optional = OptionalReader(set: set)
    queue =
      DeleveragingQueue(rawValue: try optional.raw("deleveraging.rule") ?? 0)
      ?? .profitTimesLeverage
    price = DeleveragingPrice(rawValue: try optional.raw("deleveraging.price") ?? 0) ?? .bankruptcy
    sharing = SharingRule(rawValue: try optional.raw("socializedLoss.rule") ?? 0) ?? .byProfit
    repayAbove = try optional.raw("socializedLoss.repayAbove")
    gateShare = try optional.raw("withdrawalGate.fundShare").map(Rate.init(billionths:))
    fund = try FundParameters(set)
  }
}

/// The insurance fund beyond what one account's closing may cost.
public struct FundParameters: Hashable, Sendable {
  /// What all draws in a window may take, as a part of the balance it began with; `nil` for no
  /// such limit.
  public let window: Window?
  /// Whether falls from the highest balance are recorded.
  public let isWatched: Bool
  /// How large the fund should be; `nil` where that is not asked.
  public let target: Target?
  /// The furthest from the mark at which the fund, or the winners in its place, pay for a closing;
  /// `nil` for as far as the price band reaches.
  ///
  /// Whoever is alone in a book sells a closing at the worst price that it may have: what is
  /// allowed beyond the fees of coming there is his for the taking.
  public let slippage: Rate?
  /// The fund's part of what the two sides of a trade pay in fees, less the maker's rebate.
  public let feeShare: Rate

  public struct Window: Hashable, Sendable {
    public let cap: Rate
    public let length: TimeSpan
  }

  public struct Target: Hashable, Sendable {
    /// Blocks from one target to the next.
    public let interval: UInt64
    /// On top of the larger of the two figures.
    public let addition: Rate
    /// Moves of all underlyings together that the fund should survive, in file order.
    public let moves: [Move]
    /// What is left of the prices of assets that all lose their pegs at once, sorted by symbol;
    /// nothing else moves then.
    public let depegs: [Depeg]
    /// Shape ξ and scale β of the tail of daily moves.
    public let tailShape: Rate
    public let tailScale: Rate
    /// The largest surcharge on trading fees while the fund is below 70 % of its target.
    public let feeRise: Rate
    /// What is added to initial margin while it is below 30 %.
    public let marginRise: Rate
  }

  /// A move and how well accounts can be closed after it.
  public struct Move: Hashable, Sendable {
    /// Of every index, as a part of itself.
    public let shift: Rate
    /// The part of the books' depth that is left, above 0 and at most 1; `nil` where closing is
    /// reckoned to cost nothing.
    public let depth: Rate?
    /// How long after the move liquidations begin; prices go on against them meanwhile.
    public let latency: TimeSpan
  }

  public struct Depeg: Hashable, Sendable {
    public let asset: AssetSymbol
    /// Of its price, above 0 and at most 1.
    public let left: Rate
  }

  /// The most moves a file may state.
  public static let mostMoves = 16

  /// - Throws: ``ParameterError/missing(key:)`` for a window without a length, and for a target
  ///   without any move; ``ParameterError/inconsistent(key:reason:)`` for what is stated of a move
  ///   that is not there.
  init(_ set: ParameterSet) throws(ParameterError) {
    let optional = OptionalReader(set: set)
    if set.states("insuranceFund.windowCap") {
      window = Window(
        cap: try set.rate("insuranceFund.windowCap"),
        length: try set.duration("insuranceFund.window"))
    } else {
      window = nil
    }
    isWatched = try optional.raw("insuranceFund.alarms") == 1
    let interval = try optional.raw("insuranceFund.targetInterval") ?? 0
    target = interval > 0 ? try Self.target(set, interval: UInt64(interval)) : nil
    slippage = try optional.raw("insuranceFund.slippage").map(Rate.init(billionths:))
    feeShare = Rate(billionths: try optional.raw("insuranceFund.feeShare") ?? 0)
  }

  private static func target(
    _ set: ParameterSet, interval: UInt64
  ) throws(ParameterError) -> Target {
    let optional = OptionalReader(set: set)
    let rate = { (key: String, usual: Int64) throws(ParameterError) -> Rate in
      Rate(billionths: try optional.raw("insuranceFund." + key) ?? usual)
    }
    let moves = try Self.moves(set)
    return Target(
      interval: interval, addition: try rate("targetAddition", 100_000_000), moves: moves,
      depegs: try depegs(set), tailShape: try rate("tailShape", 250_000_000),
      tailScale: try rate("tailScale", 25_000_000),
      feeRise: try rate("feeRise", 0), marginRise: try rate("marginRise", 0))
  }

  private static func moves(_ set: ParameterSet) throws(ParameterError) -> [Move] {
    let optional = OptionalReader(set: set)
    var moves: [Move] = []
    while moves.count < mostMoves {
      let row = movePrefix + "\(moves.count + 1)."
      guard set.states(row + "shift") || moves.isEmpty else { break }
      let shift = try set.rate(row + "shift")
      guard shift != .zero, !moves.contains(where: { $0.shift == shift }) else {
        throw .inconsistent(key: row + "shift", reason: "no move, or stated before")
      }
      moves.append(
        Move(
          shift: shift, depth: try optional.raw(row + "depth").map(Rate.init(billionths:)),
          latency: TimeSpan(nanoseconds: try optional.raw(row + "latency") ?? 0)))
    }
    for value in set.values where value.key.hasPrefix(movePrefix) {
      let row = value.key.dropFirst(movePrefix.count).prefix { $0 != "." }
      // Only as a number is written: what is stated under 01 nothing would read.
      guard let number = Int(row), String(number) == row, (1...moves.count).contains(number)
      else {
        throw .inconsistent(key: value.key, reason: "no move is stated under this number")
      }
    }
    return moves
  }

  private static func depegs(_ set: ParameterSet) throws(ParameterError) -> [Depeg] {
    var depegs: [Depeg] = []
    for value in set.values where value.key.hasPrefix(depegPrefix) {
      let name = String(value.key.dropFirst(depegPrefix.count))
      do {
        depegs.append(
          Depeg(asset: try AssetSymbol(name), left: Rate(billionths: value.raw)))
      } catch { throw .malformed(key: value.key, text: name, reason: error) }
    }
    return depegs
  }

  private static let movePrefix = "insuranceFund.move."
  /// Of the keys that end in the symbol of an asset.
  public static let depegPrefix = "insuranceFund.depeg."
}

/// Reads what may be left out.
private struct OptionalReader {
  let set: ParameterSet

  func raw(_ key: String) throws(ParameterError) -> Int64? {
    set.states(key) ? try set.raw(key) : nil
  }
}

extension ParameterDefinition {
  static let losses: [ParameterDefinition] = [
    ParameterDefinition(
      "deleveraging.rule", .count, 0...4,
      "who gives up positions first: 0 profit times leverage, 1 everybody to one leverage, "
        + "2 price ratio times leverage, 3 pro rata, 4 from a drawn account on"),
    ParameterDefinition(
      "deleveraging.price", .count, 0...2,
      "price of auto-deleveraging: 0 bankruptcy price, 1 mark, 2 mark as far as the fund can pay"),
    ParameterDefinition(
      "socializedLoss.rule", .count, 0...2,
      "who bears a loss: 0 winners by profit, 1 winners by equity, at most the profit, "
        + "2 both sides of the market by size, at most the equity"),
    ParameterDefinition(
      "socializedLoss.repayAbove", .money, 0...1_000_000_000_000_000_000,
      "balance of the fund, per asset, above which winners are paid back what they gave"),
    ParameterDefinition(
      "withdrawalGate.fundShare", .rate, 0...100_000_000_000,
      "part of the fund above which insolvency stops withdrawals"),
    ParameterDefinition(
      "insuranceFund.windowCap", .rate, 0...1_000_000_000,
      "largest part of the fund that all draws in a window may take"),
    ParameterDefinition(
      "insuranceFund.window", .duration, 1_000_000_000...31_536_000_000_000_000,
      "length of the window of insuranceFund.windowCap"),
    ParameterDefinition(
      "insuranceFund.alarms", .flag, 0...1,
      "whether falls of the fund by a quarter, a half and three quarters are recorded"),
    ParameterDefinition(
      "insuranceFund.targetInterval", .count, 0...1_000_000,
      "blocks from one target of the fund to the next, 0 for no target"),
    ParameterDefinition(
      "insuranceFund.targetAddition", .rate, 0...1_000_000_000,
      "addition to the target of the fund"),
    ParameterDefinition(
      "insuranceFund.move.*.shift", .rate, -950_000_000...5_000_000_000,
      "a move of all underlyings together that the fund should survive"),
    ParameterDefinition(
      "insuranceFund.move.*.depth", .rate, 1_000_000...1_000_000_000,
      "part of the books' depth that is left after the move, for what closing then costs; "
        + "closing costs nothing where it is not stated"),
    ParameterDefinition(
      "insuranceFund.move.*.latency", .duration, 0...86_400_000_000_000,
      "time from the move to the liquidations, in which prices go on against them"),
    ParameterDefinition(
      "insuranceFund.depeg.*", .rate, 1_000_000...1_000_000_000,
      "part of an asset's price that is left when it loses its peg and nothing else moves; "
        + "parameters that are changed state it of collateral that is accepted"),
    ParameterDefinition(
      "insuranceFund.tailShape", .rate, 10_000_000...900_000_000,
      "shape of the tail of daily moves, for the expected shortfall of the fund"),
    ParameterDefinition(
      "insuranceFund.tailScale", .rate, 1_000_000...500_000_000,
      "scale of the tail of daily moves, for the expected shortfall of the fund"),
    ParameterDefinition(
      "insuranceFund.feeShare", .rate, 0...1_000_000_000,
      "the fund's part of trading fees, less rebates"),
    ParameterDefinition(
      "insuranceFund.feeRise", .rate, 0...250_000_000,
      "largest surcharge on trading fees while the fund is below 70 % of its target"),
    ParameterDefinition(
      "insuranceFund.marginRise", .rate, 0...1_000_000_000,
      "addition to initial margin while the fund is below 30 % of its target"),
    ParameterDefinition(
      "insuranceFund.slippage", .rate, 0...1_000_000_000,
      "furthest from the mark at which the fund pays for a closing"),
  ]
}
