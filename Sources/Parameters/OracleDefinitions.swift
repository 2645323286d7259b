// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The oracle's parameters.
  ///
  /// `default` in place of a feed holds for every feed that does not state its own value; being
  /// lower-case, it cannot be a symbol.
  public static let oracle: [ParameterDefinition] = feedGuards + feedBreaker + feedSources + marks

  private static let feedGuards: [ParameterDefinition] = [
    ParameterDefinition(
      "oracle.*.quorum", .count, 1...32,
      "Fewest voting sources behind an index. 1 trusts a single source: state it on purpose."),
    ParameterDefinition(
      "oracle.*.sourceWeightCap", .rate, 10_000_000...499_999_999,
      "Largest share of the votes of one source. Too few live sources for it vote equally."),
    ParameterDefinition(
      "oracle.*.staleness", .duration, 1_000_000...86_400_000_000_000,
      "Oldest statement of a source that still votes, by the time it was published."),
    ParameterDefinition(
      "oracle.*.futureTolerance", .duration, 0...60_000_000_000,
      "How much later than the block a sample may be published, for clocks that differ."),
    ParameterDefinition(
      "oracle.*.highestPrice", .price, 1...100_000_000_000_000_000,
      "Highest price of a sample; above it the sample is refused."),
    ParameterDefinition(
      "oracle.*.confidenceLimit", .rate, 0...1_000_000_000,
      "Widest confidence half-width of a sample, as a share of its price."),
    ParameterDefinition(
      "oracle.*.deviationBand", .rate, 100_000...1_000_000_000,
      "Largest distance of a vote from the block's median, as a share of the median."),
    ParameterDefinition(
      "oracle.*.jumpLimit", .rate, 100_000...1_000_000_000,
      "A source that moves further than this, away from the others, is quarantined."),
    ParameterDefinition(
      "oracle.*.jumpConfirmations", .count, 1...1_000,
      "New samples near the jump that end a quarantine though no other source follows."),
  ]

  private static let feedBreaker: [ParameterDefinition] = [
    ParameterDefinition(
      "oracle.*.breakerLimit", .rate, 1_000_000...10_000_000_000,
      "Largest move of the index in one minute; longer intervals scale it."),
    ParameterDefinition(
      "oracle.*.breakerCeiling", .rate, 1_000_000...10_000_000_000,
      "Largest move of the index from one block to the next, however long the interval."),
    ParameterDefinition(
      "oracle.*.breakerTolerance", .rate, 100_000...1_000_000_000,
      "How near the level of the block before confirms a level beyond the limit."),
    ParameterDefinition(
      "oracle.*.breakerConfirmations", .count, 1...1_000,
      "Blocks, each with a quorum that published anew, that confirm such a level."),
    ParameterDefinition(
      "oracle.*.breakerPause", .duration, 0...3_600_000_000_000,
      "Shortest pause before such a level is accepted."),
  ]

  private static let feedSources: [ParameterDefinition] = [
    ParameterDefinition(
      "oracle.*.source.*.weight", .rate, 0...1_000_000_000,
      "Weight of a source's vote, before the cap; zero switches the source off."),
    ParameterDefinition(
      "oracle.*.source.*.staleness", .duration, 1_000_000...86_400_000_000_000,
      "The feed's staleness limit for this source."),
    ParameterDefinition(
      "oracle.*.source.*.confidenceLimit", .rate, 0...1_000_000_000,
      "The feed's confidence limit for this source."),
    ParameterDefinition(
      "oracle.*.source.*.jumpLimit", .rate, 100_000...1_000_000_000,
      "The feed's jump limit for this source."),
  ]

  private static let marks: [ParameterDefinition] = [
    ParameterDefinition(
      "oracle.*.premiumHalfLife", .duration, 1_000_000_000...86_400_000_000_000,
      "Time after which an old premium counts half in the mark of a perpetual."),
    ParameterDefinition(
      "oracle.*.premiumClamp", .rate, 0...500_000_000,
      "Largest premium, up or down, of a perpetual's mark over its index."),
    ParameterDefinition(
      "oracle.*.settlementWindow", .duration, 1_000_000_000...86_400_000_000_000,
      "Length of the window before expiry whose average index is the settlement price."),
    ParameterDefinition(
      "oracle.*.settlementCoverage", .rate, 1...1_000_000_000,
      "Smallest share of the window with a fresh index; below it settlement waits."),
    ParameterDefinition(
      "oracle.*.settlementHold", .duration, 1_000_000...3_600_000_000_000,
      "Longest time for which one accepted index counts in the average."),
  ]
}
