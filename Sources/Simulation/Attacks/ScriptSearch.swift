// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Ledger
import NumericalMethods
public import Parameters
import Quantities

/// A search for strategies that take money from a venue with every feature, through the real
/// engine: blind draws and, from the best of them, a climb.
///
/// Strategies come in chains of 256 that do not depend on each other. Every fourth is drawn
/// blindly, every other is the best of its chain so far with a few numbers changed, where the best
/// is what lost least for each unit that liquidations closed; a strategy without a liquidation
/// ranks below all that have one. In every other chain prices stay within what initial margin
/// covers. So a search of any number of threads finds the same.
public struct ScriptSearch: Sendable {
  /// What was found in one family.
  public struct Finding: Hashable, Sendable {
    public let family: AttackFamily
    public internal(set) var strategies = 0
    /// In how many of them an account of the attacker came into liquidation.
    public internal(set) var liquidations = 0
    /// Ledger units, of the best strategy.
    public internal(set) var bestProfit = Int64.min
    /// Its number; with the family it is the reproduction.
    public internal(set) var bestNumber: UInt64 = 0
    /// The least that was lost by a liquidation, millionths of what it closed; of those that
    /// closed at least 1,000 of the quote currency.
    public internal(set) var leastLoss = Int64.max
    /// The number of the strategy that lost it.
    public internal(set) var leastNumber: UInt64 = 0
    /// How many strategies touched what, in the order of ``AttackTouch``.
    public internal(set) var touches = [Int](repeating: 0, count: AttackTouch.allCases.count)
    /// What was touched on each ground, a bit each, in the order of ``AttackGround``.
    private var reached = [UInt32](repeating: 0, count: AttackGround.allCases.count)
    /// How many strategies broke an invariant of the ledger, and the first of them.
    public internal(set) var broken = 0
    public internal(set) var brokenNumber: UInt64 = 0

    public init(_ family: AttackFamily) { self.family = family }

    /// What any strategy touched on one ground: a search is worth as much as it reaches.
    public func touched(on ground: AttackGround) -> [AttackTouch] {
      AttackTouch.allCases.filter { reached[ground.rawValue] >> $0.rawValue & 1 == 1 }
    }
  }

  /// What one strategy came to.
  public struct Outcome: Hashable, Sendable {
    /// Ledger units.
    public let profit: Int64
    public let isLiquidated: Bool
    /// Value that liquidations closed, ledger units.
    public let notional: Int64
    /// On which of the venues it was played.
    public let ground: AttackGround
    /// What was touched, a bit each.
    let touches: UInt32
    /// Whether an invariant of the ledger broke.
    public let isBroken: Bool

    /// Profit in millionths of what was closed; `nil` without a liquidation.
    var rate: Int64? {
      guard isLiquidated, notional > 0 else { return nil }
      return Int64(clamping: Int128(profit) * 1_000_000 / Int128(notional))
    }
  }

  /// Strategies of one chain.
  public static let chain = 256

  /// Strategies of a chain of this search.
  var length = chain
  private let worlds: [AttackWorld]
  /// What initial margin covers of the notional of the smallest position, millionths.
  private let cover: Int64

  public init(_ parameters: ParameterSet) throws { try self.init(parameters, changes: []) }

  /// - Parameter changes: Values that replace those of every ground.
  init(_ parameters: ParameterSet, changes: [(key: String, value: String)]) throws {
    worlds = try AttackGround.allCases.map { try AttackWorld($0, parameters, changes) }
    cover = worlds.map(\.cover).min() ?? 0
  }

  // MARK: Searching

  /// Plays the first `count` strategies of a family from the chain `first` on.
  public func run(
    _ family: AttackFamily, from first: UInt64, count: Int, threads: Int = 1
  ) -> Finding {
    let chains = (max(count, 0) + length - 1) / length
    var parts = [Finding?](repeating: nil, count: chains)
    parts.withUnsafeMutableBufferPointer { buffer in
      // Every chain has a place of its own.
      nonisolated(unsafe) let buffer = buffer
      let lanes = max(min(threads, chains), 1)
      DispatchQueue.concurrentPerform(iterations: lanes) { lane in
        for place in stride(from: lane, to: chains, by: lanes) {
          let played = min(count - place * length, length)
          buffer[place] = climb(family, chain: first &+ UInt64(place), count: played)
        }
      }
    }
    return parts.reduce(into: Finding(family)) { sum, part in
      if let part { sum.add(part) }
    }
  }

  private func climb(_ family: AttackFamily, chain: UInt64, count: Int) -> Finding {
    var finding = Finding(family)
    follow(family, chain, count) { place, _, outcome in
      finding.note(outcome, number: chain &* UInt64(length) &+ UInt64(place))
    }
    return finding
  }

  /// The strategy with a number, and what it comes to.
  public func strategy(
    _ family: AttackFamily, number: UInt64
  ) -> (script: AttackScript, outcome: Outcome)? {
    let (chain, place) = number.quotientAndRemainder(dividingBy: UInt64(length))
    var found: (AttackScript, Outcome)?
    follow(family, chain, Int(place) + 1) { _, script, outcome in found = (script, outcome) }
    return found
  }

  /// Plays a chain from its beginning.
  func follow(
    _ family: AttackFamily, _ chain: UInt64, _ count: Int,
    _ body: (Int, AttackScript, Outcome) -> Void
  ) {
    var random = SplitMix64(seed: chain ^ UInt64(family.rawValue) &* 0xd6e8_feb8_6659_fd93)
    var best: (script: AttackScript, rate: Int64)?
    for place in 0..<count {
      var script: AttackScript
      if let best, place % 4 != 0 {
        script = best.script.changed(by: &random)
      } else {
        script = AttackScript(family, drawnFrom: &random)
      }
      // With gaps a strategy loses its fees alone, and climbs would all end there.
      if chain % 2 == 0 { script.keepWithinMargin() }
      let outcome = play(script)
      let rate = outcome.rate ?? Int64.min
      if best.map({ rate >= $0.rate }) ?? true { best = (script, rate) }
      body(place, script, outcome)
    }
  }

  // MARK: Playing

  /// Plays one strategy on a copy of its ground.
  public func play(_ script: AttackScript) -> Outcome {
    var world = opened(script)
    play(script, in: &world)
    return Outcome(
      profit: world.purse.profit(world), isLiquidated: world.isLiquidated,
      notional: world.liquidatedNotional, ground: ground(of: script), touches: world.touches,
      isBroken: world.isBroken)
  }

  private func ground(of script: AttackScript) -> AttackGround {
    let grounds = AttackGround.grounds(of: script.family)
    return grounds[Int(script.number(.ground, 0...Int64(grounds.count - 1)))]
  }

  /// A copy of the ground on which a strategy plays.
  func opened(_ script: AttackScript) -> AttackWorld {
    var world = worlds[ground(of: script).rawValue]
    world.purse.hasGaps = script.hasGaps
    return world
  }

  func play(_ script: AttackScript, in world: inout AttackWorld) {
    world.begin(script)
    for place in 0..<4 {
      world.play(AttackWorld.Choice(script, place), script)
      world.answerAll(script)
    }
    for block in 0..<Int(script.number(.blocks, 2...8)) {
      world.move(to: script.price(block, cover: cover))
      world.answerAll(script)
      if block >= Int(script.number(.firstBid, 0...3)) {
        world.bid(script, by: AttackWorld.second)
        world.takeOffers(by: AttackWorld.second, script.number(.bid, 1...1_000), script)
        world.answerAll(script)
      }
      world.bidHonestly(script)
      world.answerAll(script)
      for place in [4 + 2 * block, 5 + 2 * block] where place < AttackScript.moveCount {
        world.play(AttackWorld.Choice(script, place), script)
        world.answerAll(script)
      }
    }
  }
}

extension ScriptSearch.Finding {
  mutating func note(_ outcome: ScriptSearch.Outcome, number: UInt64) {
    strategies += 1
    if outcome.isLiquidated { liquidations += 1 }
    reached[outcome.ground.rawValue] |= outcome.touches
    for touch in touches.indices where outcome.touches >> touch & 1 == 1 { touches[touch] += 1 }
    if outcome.profit > bestProfit {
      bestProfit = outcome.profit
      bestNumber = number
    }
    if let rate = outcome.rate, outcome.notional >= 1_000_000_000, -rate < leastLoss {
      (leastLoss, leastNumber) = (-rate, number)
    }
    guard outcome.isBroken else { return }
    if broken == 0 { brokenNumber = number }
    broken += 1
  }

  /// Takes in what later chains found.
  mutating func add(_ other: ScriptSearch.Finding) {
    strategies += other.strategies
    liquidations += other.liquidations
    for touch in touches.indices { touches[touch] += other.touches[touch] }
    for ground in reached.indices { reached[ground] |= other.reached[ground] }
    if other.bestProfit > bestProfit {
      bestProfit = other.bestProfit
      bestNumber = other.bestNumber
    }
    if other.leastLoss < leastLoss {
      (leastLoss, leastNumber) = (other.leastLoss, other.leastNumber)
    }
    if broken == 0 { brokenNumber = other.brokenNumber }
    broken += other.broken
  }
}

extension AttackScript {
  /// Whether prices go further than initial margin covers.
  var hasGaps: Bool { isSet(.path) }

  mutating func keepWithinMargin() { genes[Trait.path.rawValue] &= 0x7fff }

  /// The index in a block.
  ///
  /// All prices of a path lie in a range that is a part of what initial margin covers, or with
  /// gaps up to three times it, so that no position opened anywhere in it can lose more.
  func price(_ block: Int, cover: Int64) -> Price {
    // Initial margin has to cover what closing costs, too: half a spread and a fee.
    let most: Int64 = hasGaps ? 3_000 : 980
    let width = cover * number(.width, 300...most) / 1_000
    let opening = AttackWorld.opening.steps
    let start = Self.leaning(raw(.start))
    // The opening lies `start` of the way up the range.
    let lowest = Int64(
      Int128(opening) * 1_000_000_000 / (1_000_000_000 + Int128(width) * Int128(start)))
    // Often the price stays, so that what takes several blocks comes to its end.
    var moved = block % Self.pathLength
    func gene(_ place: Int) -> UInt16 { genes[Self.length - Self.pathLength + place] }
    while moved > 0, gene(moved) % 8 < 3 { moved -= 1 }
    var place = Self.leaning(gene(moved))
    if !isSet(.isWandering), moved == 0 { place = start >= 500 ? 0 : 1_000 }
    let rise = Int128(lowest) * Int128(width) * Int128(place) / 1_000_000_000
    return Price(steps: (lowest + Int64(rise)) / AttackWorld.tick * AttackWorld.tick)
  }

  /// 0 to 1,000, often an end.
  private static func leaning(_ gene: UInt16) -> Int64 {
    min(max(scaled(gene, to: -400...1_400), 0), 1_000)
  }
}
