// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Quantities

/// One cited price of a reconstruction.
public struct PriceFigure: Hashable, Sendable {
  /// The start of the minute that closes at the price.
  public let time: Timestamp
  public let base: AssetSymbol
  public let venue: SourceID
  public let kind: Kind
  public let price: Price
  /// What the figure is.
  public let what: String
  /// Who says so.
  public let citation: String
  public let place: FilePlace

  public enum Kind: String, CaseIterable, Sendable {
    /// A price the path passes through.
    case level
    /// The lowest price of the venue: its path never goes below.
    case low
    /// The highest price of the venue: its path never goes above.
    case high
  }
}

/// A venue of a reconstruction and what it usually is worth against the common level.
struct ReconstructedVenue {
  let base: AssetSymbol
  let source: SourceID
  let role: SeriesRole
  /// The logarithm of the venue's price over the common level in quiet times.
  let usualBasis: Double
  let place: FilePlace
}

/// Minutes in which a venue's price stood still.
struct Stall {
  let base: AssetSymbol
  let source: SourceID
  /// The starts of the first and the last minute.
  let minutes: ClosedRange<Timestamp>
}

/// The deviation of one minute's logarithmic return from a time on.
struct VolatilityFigure {
  let base: AssetSymbol
  let time: Timestamp
  let perMinute: Double
}
