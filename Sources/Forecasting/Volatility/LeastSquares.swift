// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Ordinary least squares of a few columns by the normal equations and Cholesky's factors.
///
/// Source: G. Golub, C. Van Loan, Matrix Computations, 4th edition (2013), algorithm 5.3.1.
/// With the condition number κ of the columns, the coefficients lose about 2 log₁₀ κ digits.
struct LeastSquares {
  let coefficients: [Double]
  /// Sum of squared residuals ÷ (rows − columns).
  let residualVariance: Double

  /// - Returns: `nil` when the columns depend on each other or rows do not exceed columns.
  /// - Precondition: Rows are of one length, as many as targets.
  init?(rows: ArraySlice<[Double]>, targets: ArraySlice<Double>) {
    guard let width = rows.first?.count, rows.count > width else { return nil }
    var matrix = Array(repeating: Array(repeating: 0.0, count: width), count: width)
    var right = Array(repeating: 0.0, count: width)
    for (row, target) in zip(rows, targets) {
      for i in 0..<width {
        for j in 0...i { matrix[i][j] += row[i] * row[j] }
        right[i] += row[i] * target
      }
    }
    guard let solution = Self.solve(matrix, right) else { return nil }
    var sum = 0.0
    for (row, target) in zip(rows, targets) {
      var fitted = 0.0
      for i in 0..<width { fitted += row[i] * solution[i] }
      sum += (target - fitted) * (target - fitted)
    }
    coefficients = solution
    residualVariance = sum / Double(rows.count - width)
  }

  /// Solves with the lower triangle of a symmetric positive definite matrix.
  static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
    var factor = matrix
    var solution = right
    for i in right.indices {
      for j in 0...i {
        var sum = matrix[i][j]
        for k in 0..<j { sum -= factor[i][k] * factor[j][k] }
        if i == j {
          // What is left of a column by those before it must exceed rounding.
          guard sum > 1e-13 * matrix[i][i] else { return nil }
          factor[i][i] = sum.squareRoot()
        } else {
          factor[i][j] = sum / factor[j][j]
        }
      }
    }
    for i in right.indices {
      for k in 0..<i { solution[i] -= factor[i][k] * solution[k] }
      solution[i] /= factor[i][i]
    }
    for i in right.indices.reversed() {
      for k in right.indices where k > i { solution[i] -= factor[k][i] * solution[k] }
      solution[i] /= factor[i][i]
    }
    return solution.allSatisfy(\.isFinite) ? solution : nil
  }
}
