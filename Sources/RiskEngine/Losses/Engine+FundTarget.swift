// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import NumericalMethods
import Parameters
import Quantities

// How large the fund should be: what its customers would lack after moves of all underlyings.
extension Engine {
  /// Days on either side of the simulated ones; the worst 0.1 % of both are ten days.
  private static let daysPerSide = 5_000

  /// Cover-2 over the stated stresses, by owner, and the expected shortfall of simulated days.
  ///
  /// A group lacks what its accounts are worth below nothing at marks after the move; accounts of
  /// one owner do not pay for each other. All underlyings move together, so the two that lose most
  /// in a move are two whose positions are correlated. On a simulated day they do so too; the
  /// shortfall between two of the stated moves is interpolated, beyond the last it is that of the
  /// last. What closing costs then, and what losing a peg does, is for cover-2 alone.
  /// - Parameter universes: Each for itself: a group is what one owner has in a universe.
  /// - Returns: One for each universe; `nil` when a mark leaves its limits in one of the moves.
  func fundTargets(
    _ parameters: FundParameters.Target, of universes: [RiskUniverse], _ valuation: Valuation
  ) -> [FundTarget]? {
    guard let plain = plainShortfalls(parameters, universes, valuation),
      let stressed = stressedShortfalls(
        parameters, after: plain.dropFirst().map(\.market), universes, valuation)
    else { return nil }
    let moves = Self.simulatedMoves(parameters)
    return universes.indices.map { place in
      let curve = plain.map { point in
        let sum = point.shortfalls[place].reduce(Int128(0)) { $0 + Int128($1) }
        return (move: point.move, shortfall: Int64(clamping: sum))
      }.sorted { $0.move < $1.move }
      return FundTarget(
        shortfalls: plain.map { $0.shortfalls[place] } + stressed.map { $0[place] },
        simulated: moves.map { Self.interpolated($0, curve) }, addition: parameters.addition)
    }
  }

  /// At the marks after each move and after none: by move, then by universe, then by owner.
  private func plainShortfalls(
    _ parameters: FundParameters.Target, _ universes: [RiskUniverse], _ valuation: Valuation
  ) -> [(move: Int64, market: MovedMarket, shortfalls: [[Int64]])]? {
    var found: [(move: Int64, market: MovedMarket, shortfalls: [[Int64]])] = []
    for move in [Rate.zero] + parameters.moves.map(\.shift) {
      let factor = Rate(billionths: Rate.one.billionths + move.billionths)
      guard let moved = valuation.moved(state, by: { _ in factor }) else { return nil }
      let shortfalls = shortfalls(of: universes) { index in
        -moved.equity(of: state.accounts[index].portfolio)
      }
      found.append((move.billionths, moved, shortfalls))
    }
    return found
  }

  /// What each owner's accounts lack, by universe, millionths of the quote currency; owners that
  /// lack nothing are left out.
  ///
  /// - Parameter lack: What an account lacks, by dense index; negative where something is left.
  func shortfalls(
    of universes: [RiskUniverse], lack: (Int) -> Int128
  ) -> [[Int64]] {
    // By universe and owner; only of those that lack something.
    var groups: [[Int64]] = universes.map { _ in [] }
    for index in state.accounts.indices {
      let lack = lack(index)
      guard lack > 0, let owner = state.index(of: state.owner(of: index)),
        let place = universes.firstIndex(of: state.accounts[index].universe)
      else { continue }
      if groups[place].isEmpty {
        groups[place] = Array(repeating: 0, count: state.accounts.count)
      }
      groups[place][owner] = Int64(clamping: Int128(groups[place][owner]) + lack)
    }
    return groups.map { $0.filter { $0 > 0 } }
  }

  /// Moves of both signs at evenly spaced probabilities of a generalized Pareto tail from zero, in
  /// billionths: β/ξ·((1 − p)^−ξ − 1); at most down by all.
  private static func simulatedMoves(_ parameters: FundParameters.Target) -> [Int64] {
    let shape = Double(parameters.tailShape.billionths) * 1e-9
    let scale = Double(parameters.tailScale.billionths) * 1e-9
    var moves: [Int64] = []
    for day in 0..<daysPerSide {
      let survival = 1 - (Double(day) + 0.5) / Double(daysPerSide)
      let power = Elementary.exp(-shape * Elementary.log(survival))
      let size = min(scale / shape * (power - 1), 1_000)
      let move = Int64((size * 1e9).rounded(.toNearestOrEven))
      moves.append(move)
      moves.append(-min(move, 1_000_000_000))
    }
    return moves
  }

  /// - Parameter curve: Sorted by move, each once, not empty.
  private static func interpolated(
    _ move: Int64, _ curve: [(move: Int64, shortfall: Int64)]
  ) -> Int64 {
    guard let next = curve.firstIndex(where: { $0.move >= move }) else {
      return curve.last?.shortfall ?? 0
    }
    guard next > 0 else { return curve[next].shortfall }
    let (below, above) = (curve[next - 1], curve[next])
    let rise = Int128(above.shortfall) - Int128(below.shortfall)
    let part = (rise * Int128(move - below.move)).divided(
      by: Int128(above.move - below.move), rounding: .up)
    return Int64(clamping: Int128(below.shortfall) + part)
  }
}
