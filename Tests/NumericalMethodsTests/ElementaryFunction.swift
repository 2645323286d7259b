// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import NumericalMethods

/// The functions that exist twice, in Swift and as a kernel, seen alike by the tests.
enum ElementaryFunction: String, CaseIterable, Sendable {
  case exp, expOfSum, expm1, log, log1p, sin, cos, pow

  /// The bound that the documentation states, in ulps.
  var documentedError: Double {
    switch self {
    case .exp, .expOfSum: 0.85
    case .expm1, .pow: 1.25
    case .log, .log1p: 0.75
    case .sin, .cos: 0.95
    }
  }

  /// The Swift function; those of one argument ignore the second.
  func callAsFunction(_ x: Double, _ y: Double) -> Double {
    switch self {
    case .exp: Elementary.exp(x)
    case .expOfSum: Elementary.exp(high: x, low: y)
    case .expm1: Elementary.expm1(x)
    case .log: Elementary.log(x)
    case .log1p: Elementary.log1p(x)
    case .sin: Elementary.sin(x)
    case .cos: Elementary.cos(x)
    case .pow: Elementary.pow(x, y)
    }
  }

  /// The results of the kernel, in the variant this thread uses.
  func kernel(_ x: [Double], _ y: [Double]) -> [Double] {
    [Double](unsafeUninitializedCapacity: x.count) { results, count in
      count = x.count
      let output = results.baseAddress
      switch self {
      case .exp: plimsoll_exp(x, output, count)
      case .expOfSum: plimsoll_exp_of_sum(x, y, output, count)
      case .expm1: plimsoll_expm1(x, output, count)
      case .log: plimsoll_log(x, output, count)
      case .log1p: plimsoll_log1p(x, output, count)
      case .sin: plimsoll_sin(x, output, count)
      case .cos: plimsoll_cos(x, output, count)
      case .pow: plimsoll_pow(x, y, output, count)
      }
    }
  }
}

/// One line of `Tests/ReferenceValues/elementary.csv`, whose origin `elementary.py` states.
struct ElementaryReference {
  var x: Double
  var y: Double
  /// The exact result, rounded to the nearest double.
  var rounded: Double
  /// How far the exact result lies above `rounded`, in ulps of it.
  var residual: Double

  /// The distance of a computed result from the exact one, in ulps.
  func error(of result: Double) -> Double {
    if result == rounded { return residual.magnitude }
    return ((result - rounded) / rounded.ulp - residual).magnitude
  }

  static func table(of function: ElementaryFunction) throws -> [ElementaryReference] {
    let file = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ReferenceValues/elementary.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    let prefix = function.rawValue + ","
    return try text.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map(parse)
  }

  private static func parse(_ line: Substring) throws -> ElementaryReference {
    let columns = line.split(separator: ",", omittingEmptySubsequences: false)
    guard columns.count == 5, let x = double(columns[1]), let rounded = double(columns[3]),
      let residual = Double(columns[4])
    else { throw CocoaError(.fileReadCorruptFile) }
    return ElementaryReference(
      x: x, y: double(columns[2]) ?? 0, rounded: rounded, residual: residual)
  }

  private static func double(_ column: Substring) -> Double? {
    UInt64(column, radix: 16).map(Double.init(bitPattern:))
  }
}
