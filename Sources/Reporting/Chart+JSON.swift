// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension Chart {
  /// What the page's script needs to draw the chart with the chart library.
  var json: JSONText {
    let common: [(String, JSONText)] = [("id", .string(id)), ("title", .string(title))]
    return switch kind {
    case .lines(let lines): .object(common + lines.fields)
    case .bars(let bars): .object(common + bars.fields)
    case .heatMap(let map): .object(common + map.fields)
    }
  }
}

extension ChartUnit {
  fileprivate var fields: [(String, JSONText)] {
    switch kind {
    case .money(let format), .quantity(let format):
      let sample = format.exact(0).split(separator: "0", omittingEmptySubsequences: false)
      return [
        ("prefix", .string(String(sample[0]))), ("suffix", .string(String(sample[1]))),
        ("hover", .string(",.\(shown)f")),
      ]
    case .price(let shown):
      return [("format", .string(",~f")), ("hover", .string(",.\(shown)f"))]
    case .count: return [("format", .string(",d")), ("hover", .string(",d"))]
    case .percentage: return [("suffix", .string(" %")), ("hover", .string(",.1f"))]
    }
  }

  /// A value of the chart as a number, rounded to what is drawn.
  fileprivate func number(_ value: Int64) -> JSONText {
    .decimal(NumberText.reduced(value, from: decimals, to: shown), decimals: min(shown, decimals))
  }
}

extension Timestamp {
  /// Seconds since 1970, UTC.
  var seconds: JSONText { .decimal(nanoseconds / 1_000_000, decimals: 3) }
}

extension LineChart {
  fileprivate var fields: [(String, JSONText)] {
    let traces = lines.map { line in
      JSONText.object([
        ("name", .string(line.name)), ("color", .string(line.color)),
        ("weight", .string(line.weight.rawValue)), ("axis", .integer(line.axis)),
        ("y", .array(line.values.map { $0.map(unit.number) ?? .null })),
      ])
    }
    var fields: [(String, JSONText)] = [
      ("kind", .string("lines")), ("unit", .object(unit.fields)), ("traces", .array(traces)),
    ]
    if let range {
      let ends = [unit.number(range.lowerBound), unit.number(range.upperBound)]
      fields.append(("range", .array(ends)))
    }
    if !marks.isEmpty {
      fields.append(
        (
          "marks",
          .object([
            ("name", .string(marksName)), ("x", .array(marks.map(\.time.seconds))),
            ("y", .array(marks.map { unit.number($0.value) })),
            ("text", .array(marks.map { .string($0.text) })),
          ])
        ))
    }
    if !bands.isEmpty {
      fields.append(
        ("bands", .array(bands.map { .array([$0.lowerBound.seconds, $0.upperBound.seconds]) })))
      fields.append(("bandsName", .string(bandsName)))
    }
    return fields
  }
}

extension BarChart {
  fileprivate var fields: [(String, JSONText)] {
    let traces = series.map { name, color, values in
      JSONText.object([
        ("name", .string(name)), ("color", .string(color)),
        ("y", .array(values.map(unit.number))),
      ])
    }
    return [
      ("kind", .string("bars")), ("unit", .object(unit.fields)),
      ("x", .array(starts.map(\.seconds))),
      ("interval", .decimal(interval.nanoseconds, decimals: 9)), ("traces", .array(traces)),
      ("top", unit.number(top)), ("bottom", unit.number(bottom)),
    ]
  }
}

extension HeatMapChart {
  fileprivate var fields: [(String, JSONText)] {
    [
      ("kind", .string("heatMap")), ("x", .array((starts + [end]).map(\.seconds))),
      ("classes", .array(classes.map { .string($0) })),
      ("counts", .array(counts.map { .array($0.map { .integer($0) }) })),
      ("thresholds", .array(thresholds.map { .integer($0) })),
      ("boundary", .integer(boundary)), ("boundaryName", .string(boundaryName)),
    ]
  }
}
