// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The base fee of the next block.
///
/// Source: EIP-1559 (2019), the integer rule of the Ethereum specification: one eighth of the
/// distance from the target, at least one wei upward. Full blocks multiply it by at most 1.125, so
/// that ten times the price takes twenty of them.
/// - Parameters:
///   - fee: Wei per gas, 0 to 10^15.
///   - gasUsed: Of the last block; 0 to twice the target, clamped to it.
///   - target: Gas, 1 to 10^9, clamped to it.
public func nextBaseFee(after fee: Int64, gasUsed: Int64, target: Int64) -> Int64 {
  let target = min(max(target, 1), 1_000_000_000)
  let used = min(max(gasUsed, 0), 2 * target)
  let fee = min(max(fee, 0), highestGasPrice)
  let distance = Int128(fee) * Int128(abs(used - target)) / Int128(target) / 8
  if used == target { return fee }
  if used < target { return fee - Int64(distance) }
  return min(fee + max(Int64(distance), 1), highestGasPrice)
}

/// How a chain asks for gas.
public enum FeeMarket: UInt8, Hashable, Sendable, CaseIterable {
  /// As in 2020: who pays most is first.
  case firstPrice
  /// Since August 2021: by ``nextBaseFee(after:gasUsed:target:)``.
  case baseFee
}

/// A million gwei.
let highestGasPrice: Int64 = 1_000_000_000_000_000
