// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What each winner of a settlement receives when less was collected than was won.
///
///     share_i = ⌊win_i × collected ÷ Σ win⌋, the last one also what rounding leaves over
///
/// Source: Vega, `simple_distributor.go`. Unlike ``shareLoss(_:among:cap:)`` it depends on the
/// order of the winners, and the last one may get a few units more than it won.
/// - Parameters:
///   - collected: Ledger units, not negative; what is more than all wins stays undistributed.
///   - wins: In the order of distribution; those that are not positive receive nothing.
/// - Returns: In the order of `wins`; the sum is the smaller of `collected` and all wins.
public func shareCollected(_ collected: Int64, among wins: [Int64]) -> [Int64] {
  let expected = wins.reduce(Int128(0)) { $0 + Int128(max($1, 0)) }
  let given = min(Int128(max(collected, 0)), expected)
  guard expected > 0 else { return wins.map { _ in 0 } }
  guard given < expected else { return wins.map { max($0, 0) } }
  // Below 2^63 × 2^63.
  var shares = wins.map { Int64(Int128(max($0, 0)) * given / expected) }
  let rest = given - shares.reduce(Int128(0)) { $0 + Int128($1) }
  if let last = wins.lastIndex(where: { $0 > 0 }) { shares[last] += Int64(rest) }
  return shares
}
