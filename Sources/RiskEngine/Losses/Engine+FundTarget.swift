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

  /// Cover-2 over the stated moves, by owner, and the expected shortfall of simulated days.
  ///
  /// A group lacks what its accounts are worth below nothing at marks after the move; accounts of
  /// one owner do not pay for each other. On a simulated day all underlyings move together; the
  /// shortfall between two of the stated moves is interpolated, beyond the last it is that of the
  /// last.
  /// - Returns: `nil` when a mark leaves its limits in one of the moves.
  func fundTarget(_ parameters: FundParameters.Target, _ valuation: Valuation) -> FundTarget? {
    var curve: [(move: Int64, shortfall: Int64)] = []
    var shortfalls: [[Int64]] = []
    for move in [Rate.zero] + parameters.moves {
      guard let groups = lacks(after: move, valuation) else { return nil }
      shortfalls.append(groups)
      let sum = groups.reduce(Int128(0)) { $0 + Int128($1) }
      curve.append((move.billionths, Int64(clamping: sum)))
    }
    curve.sort { $0.move < $1.move }
    let days = Self.simulatedMoves(parameters).map { Self.interpolated($0, curve) }
    return FundTarget(
      shortfalls: shortfalls, simulated: days, addition: parameters.addition)
  }

  /// What each owner's accounts lack after a move, millionths of the quote currency; owners that
  /// lack nothing are left out.
  private func lacks(after move: Rate, _ valuation: Valuation) -> [Int64]? {
    guard let moved = valuation.moved(by: move, state) else { return nil }
    var groups: [Int64] = Array(repeating: 0, count: state.accounts.count)
    let accounts = state.accounts.span
    for index in accounts.indices {
      let lack = -moved.equity(of: accounts[index].portfolio)
      guard lack > 0, let owner = state.index(of: state.owner(of: index)) else { continue }
      groups[owner] = Int64(clamping: Int128(groups[owner]) + lack)
    }
    return groups.filter { $0 > 0 }
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
