// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import NumericalMethods

/// The error function and the normal distribution, which exist in Swift and as kernels.
enum NormalFunction: String, CaseIterable, Sendable {
  case erfc, erfcx, density, cumulative, inverse

  /// The bound that the documentation states, in ulps.
  var documentedError: Double {
    switch self {
    case .erfc, .erfcx, .cumulative: 1.75
    case .density: 0.7
    case .inverse: 1.2
    }
  }

  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .erfc: ErrorFunction.erfc(x)
    case .erfcx: ErrorFunction.erfcx(x)
    case .density: Normal.density(x)
    case .cumulative: Normal.cumulative(x)
    case .inverse: Normal.inverse(x)
    }
  }

  /// The results of the kernel, in the variant this thread uses.
  func kernel(_ x: [Double]) -> [Double] {
    [Double](unsafeUninitializedCapacity: x.count) { results, count in
      count = x.count
      let output = results.baseAddress
      switch self {
      case .erfc: plimsoll_erfc(x, output, count)
      case .erfcx: plimsoll_erfcx(x, output, count)
      case .density: plimsoll_normal_density(x, output, count)
      case .cumulative: plimsoll_normal_cumulative(x, output, count)
      case .inverse: plimsoll_normal_inverse(x, output, count)
      }
    }
  }

  /// Where the function is neither constant nor out of range.
  var range: ClosedRange<Double> {
    switch self {
    case .erfc: -7...27.5
    case .erfcx: -27...60
    case .density: -39...39
    case .cumulative: -39...10
    case .inverse: 0...1
    }
  }
}

/// One line of `Tests/ReferenceValues/normal.csv`, whose origin `normal.py` states.
struct NormalReference {
  let x: Double
  /// The exact result, rounded to the nearest double.
  let rounded: Double
  /// How far the exact result lies above `rounded`, in ulps of it.
  let residual: Double

  /// The distance of a computed result from the exact one, in ulps.
  func error(of result: Double) -> Double {
    if result == rounded { return residual.magnitude }
    return ((result - rounded) / rounded.ulp - residual).magnitude
  }

  static func table(of function: NormalFunction) throws -> [NormalReference] {
    let file = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ReferenceValues/normal.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    let prefix = function.rawValue + ","
    return try text.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map(parse)
  }

  private static func parse(_ line: Substring) throws -> NormalReference {
    let columns = line.split(separator: ",", omittingEmptySubsequences: false)
    guard columns.count == 5, let x = UInt64(columns[1], radix: 16),
      let rounded = UInt64(columns[3], radix: 16), let residual = Double(columns[4])
    else { throw CocoaError(.fileReadCorruptFile) }
    return NormalReference(
      x: Double(bitPattern: x), rounded: Double(bitPattern: rounded), residual: residual)
  }
}
