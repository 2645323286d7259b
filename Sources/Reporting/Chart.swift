// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// A picture before it is drawn: by ``ChartDrawing`` as SVG, or from ``json`` by the library.
struct Chart {
  /// Unique in the page; letters, digits and hyphens.
  let id: String
  let title: String
  /// What the reader sees, for the line under the picture.
  let caption: String
  /// What a reader who cannot see the picture should know.
  let summary: String
  let kind: Kind
  var isWide = false

  enum Kind {
    case lines(LineChart)
    case bars(BarChart)
    case heatMap(HeatMapChart)
  }
}

/// In what the values of a chart are counted and how they are written.
struct ChartUnit {
  enum Kind: Equatable {
    /// Millionths of the quote currency.
    case money(MoneyFormat)
    /// Price steps, shown with so many decimals.
    case price(shown: Int)
    case count
    /// Billionths, shown as per cent.
    case percentage
    /// Millionths of a coin.
    case quantity(MoneyFormat)
  }

  let kind: Kind

  /// Decimals of the values.
  var decimals: Int {
    switch kind {
    case .money, .quantity: 6
    case .price: 8
    case .count: 0
    case .percentage: 7
    }
  }

  /// Decimals that are drawn.
  var shown: Int {
    switch kind {
    case .money: 2
    case .price(let shown): shown
    case .count: 0
    case .percentage: 2
    case .quantity: 4
    }
  }

  /// How wide the labels of an axis may be; what is counted in coins names them.
  var labelRoom: Double {
    if case .quantity = kind { return 96 }
    return 62
  }

  /// For axes.
  func label(_ value: Int64) -> String {
    switch kind {
    case .money(let format), .quantity(let format): format.short(value)
    case .price: NumberText.grouped(value, decimals: 8)
    case .count: NumberText.grouped(value)
    case .percentage: NumberText.grouped(value, decimals: 7) + " %"
    }
  }
}

/// A named line through time.
struct ChartLine {
  let name: String
  /// The style sheet's variable of its color.
  let color: String
  var weight = Weight.normal
  /// Which of the chart's time axes the values belong to.
  let axis: Int
  /// One per time of the axis; `nil` leaves a gap.
  let values: [Int64?]

  enum Weight: String {
    case thin
    case normal
    case thick
    /// For a second run and for what does not vote.
    case dashed
  }
}

/// Something that happened to a sample: drawn as a cross.
struct ChartMark {
  let time: Timestamp
  let value: Int64
  let text: String
}

/// Lines, crosses and shaded times.
struct LineChart {
  let unit: ChartUnit
  /// Times of each run.
  let axes: [[Timestamp]]
  let lines: [ChartLine]
  var marks: [ChartMark] = []
  var marksName = ""
  /// Times drawn shaded.
  var bands: [ClosedRange<Timestamp>] = []
  var bandsName = ""
  /// What is shown at first.
  ///
  /// `nil` is from zero, or the lowest value below it, to the highest.
  /// With a range of its own a chart may be read on a logarithmic axis as well.
  var range: ClosedRange<Int64>?
  /// Whether a drawing names each line where it ends; many lines are told apart by that.
  var namesEnds = false
}

/// Stacked amounts per interval.
struct BarChart {
  let unit: ChartUnit
  let starts: [Timestamp]
  let interval: TimeSpan
  let series: [(name: String, color: String, values: [Int64])]
  /// The top of the axis, so that charts beside each other have the same.
  let top: Int64
  /// Its lowest end: below zero where amounts are negative, which are stacked downward.
  var bottom: Int64 = 0
}

/// Counts by class through time.
struct HeatMapChart {
  let starts: [Timestamp]
  let end: Timestamp
  /// Names of the classes, lowest first.
  let classes: [String]
  /// By class, then by time.
  let counts: [[Int]]
  /// The lowest count of each shade, ascending; below the first one nothing is drawn.
  let thresholds: [Int]
  /// A line is drawn below this class.
  let boundary: Int
  let boundaryName: String

  /// The shade of a count: 0 for none.
  func shade(_ count: Int) -> Int { thresholds.count { $0 <= count } }
}

extension Chart {
  /// Whether the reader may choose between a linear and a logarithmic axis.
  var hasScales: Bool {
    if case .lines(let lines) = kind { return lines.range.map { $0.lowerBound > 0 } ?? false }
    return false
  }
}
