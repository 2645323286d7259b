// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// A guard may be made tighter at once, because that only refuses more; it may be made looser only
// after notice. Between the two the tighter of the old and the new value holds.

extension FeedParameters {
  /// What holds as soon as `newer` is announced: each guard at the tighter of its two values, and
  /// only the sources that both name, with their present weights.
  ///
  /// - Precondition: both are of one feed.
  public func tightened(by newer: FeedParameters) -> FeedParameters {
    precondition(base == newer.base, "parameters of two feeds do not combine")
    return FeedParameters(
      base: base, quorum: max(quorum, newer.quorum),
      sourceWeightCap: min(sourceWeightCap, newer.sourceWeightCap),
      futureTolerance: min(futureTolerance, newer.futureTolerance),
      highestPrice: min(highestPrice, newer.highestPrice),
      deviationBand: min(deviationBand, newer.deviationBand),
      jumpConfirmations: max(jumpConfirmations, newer.jumpConfirmations),
      breaker: breaker.tightened(by: newer.breaker),
      sources: sources.compactMap { present in
        newer.sources.first { $0.source == present.source }.map { present.tightened(by: $0) }
      })
  }

  /// Whether some part of `newer` has to wait for the notice of a loosening.
  public func isLoosened(by newer: FeedParameters) -> Bool { tightened(by: newer) != newer }
}

extension BreakerParameters {
  /// Each limit at the tighter of its two values.
  public func tightened(by newer: BreakerParameters) -> BreakerParameters {
    BreakerParameters(
      limit: min(limit, newer.limit), ceiling: min(ceiling, newer.ceiling),
      tolerance: min(tolerance, newer.tolerance),
      confirmations: max(confirmations, newer.confirmations), pause: max(pause, newer.pause))
  }
}

extension SourceParameters {
  /// Each limit at the tighter of its two values; the weight, which has no tighter side, stays.
  public func tightened(by newer: SourceParameters) -> SourceParameters {
    SourceParameters(
      source: source, weight: weight, staleness: min(staleness, newer.staleness),
      confidenceLimit: min(confidenceLimit, newer.confidenceLimit),
      jumpLimit: min(jumpLimit, newer.jumpLimit))
  }
}
