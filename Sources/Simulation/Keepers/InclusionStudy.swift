// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What a chain asks for being in a block through a span, and whom it leaves out.
public struct InclusionStudy: Hashable, Sendable {
  public let blocks: Int
  /// Wei per gas that the middle one of all blocks asked, and the dearest.
  public let median: Int64
  public let highest: Int64
  /// The most by which the price rose from one block to the next, in millionths of it.
  public let largestRise: Int64
  /// Blocks in which a transaction at the fixed price of ordinary keepers would have been.
  public let open: Int
  /// The longest row of blocks in which it would not.
  public let longestWait: Int

  /// - Parameters:
  ///   - span: Seconds of the profile.
  ///   - fixedGasPrice: Wei per gas.
  public init(
    _ profile: GasProfile, _ market: FeeMarket, in span: Range<Int64>, seed: UInt64,
    fixedGasPrice: Int64 = 40_000_000_000
  ) {
    var chain = CongestedChain(
      CongestedChain.Terms(profile: profile, market: market), from: span.lowerBound, seed: seed)
    var prices: [Int64] = []
    var (rise, longest, wait): (Int64, Int, Int) = (0, 0, 0)
    while chain.second < span.upperBound {
      let before = chain.clearing
      _ = chain.mine()
      prices.append(chain.clearing)
      if before > 0 {
        let part = Int128(chain.clearing - before) * 1_000_000 / Int128(before)
        rise = max(rise, Int64(clamping: part))
      }
      wait = chain.clearing > fixedGasPrice ? wait + 1 : 0
      longest = max(longest, wait)
    }
    let sorted = prices.sorted()
    blocks = prices.count
    median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    highest = sorted.last ?? 0
    largestRise = rise
    open = prices.count { $0 <= fixedGasPrice }
    longestWait = longest
  }
}
