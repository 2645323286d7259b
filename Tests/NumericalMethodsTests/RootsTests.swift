// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("Bisection on whole numbers")
struct BisectionTests {
  @Test("finds the first number of every monotone predicate on a small range")
  func everyThreshold() {
    for lower in Int64(-4)...4 {
      for upper in Int64(-4)...4 {
        for threshold in Int64(-6)...6 {
          let expected = (-5...5).first { $0 > lower && $0 <= upper && $0 >= threshold }
          #expect(bisect(lower: lower, upper: upper) { $0 >= threshold } == expected)
        }
      }
    }
  }

  @Test(
    "spans the whole width of Int64 in 64 calls",
    arguments: [Int64.min + 1, -1, 0, 1, Int64.max - 1, Int64.max])
  func wholeWidth(threshold: Int64) {
    var calls = 0
    let found = bisect(lower: .min, upper: .max) {
      calls += 1
      return $0 >= threshold
    }
    #expect(found == threshold)
    #expect(calls <= 65)
  }

  @Test("never asks at the excluded end")
  func excludedEnd() {
    let found = bisect(lower: 10, upper: 20) {
      #expect($0 > 10 && $0 <= 20)
      return true
    }
    #expect(found == 11)
  }

  @Test("passes the predicate's error on")
  func predicateError() {
    #expect(throws: RootError.undefinedValue) {
      _ = try bisect(lower: 0, upper: 8) { number throws(RootError) -> Bool in
        if number == 4 { throw .undefinedValue }
        return true
      }
    }
  }
}

@Suite("Bracketed root")
struct BracketedRootTests {
  // Expected: mpmath, 40 digits: sqrt(2), the fixed point of cos, ln 3, cube root of 1e-9.
  @Test("is found to neighboring doubles")
  func knownRoots() throws {
    let root = try bracketedRoot(lower: 0, upper: 2) { $0 * $0 - 2 }
    #expect((root - 1.4142135623730951).magnitude <= 2 * root.ulp)
    let fixedPoint = try bracketedRoot(lower: 0, upper: 1) { Elementary.cos($0) - $0 }
    #expect((fixedPoint - 0.7390851332151607).magnitude <= 2 * fixedPoint.ulp)
    let logarithm = try bracketedRoot(lower: -50, upper: 50) { Elementary.exp($0) - 3 }
    #expect((logarithm - 1.0986122886681098).magnitude <= 2 * logarithm.ulp)
    let cubeRoot = try bracketedRoot(lower: -1, upper: 100) { $0 * $0 * $0 - 1e-9 }
    #expect((cubeRoot - 1e-3).magnitude <= 2 * cubeRoot.ulp)
  }

  @Test("takes at most 206 evaluations, whatever the function")
  func boundedWork() throws {
    let functions: [(Double) -> Double] = [
      { $0 < 1e-300 ? -1 : 1 },
      { $0 < 0x1.8p1000 ? -.infinity : 1 },
      { $0 < 1 ? -1e-300 : 1e300 },
      { ($0 - 1) * ($0 - 1) * ($0 - 1) },
      { Elementary.expm1($0 - 700) },
    ]
    for function in functions {
      var calls = 0
      let root = try bracketedRoot(lower: -1e308, upper: 1e308) {
        calls += 1
        return function($0)
      }
      #expect(calls <= 206)
      let isSignChange =
        function(root) == 0 || (function(root.nextDown) < 0) != (function(root) < 0)
        || (function(root) < 0) != (function(root.nextUp) < 0)
      #expect(isSignChange)
    }
  }

  @Test("converges in few evaluations on a smooth function")
  func fewEvaluations() throws {
    var calls = 0
    _ = try bracketedRoot(lower: 0, upper: 10) {
      calls += 1
      return Elementary.log1p($0) - 1
    }
    #expect(calls <= 20)
  }

  @Test("stops at the tolerance asked for")
  func tolerance() throws {
    var calls = 0
    let root = try bracketedRoot(lower: 0, upper: 1024, tolerance: 1) {
      calls += 1
      return $0 < 300 ? -1 : 1
    }
    #expect((root - 300).magnitude <= 1)
    #expect(calls < 40)
  }

  @Test("an end that is a root is the answer")
  func rootAtEnd() throws {
    #expect(try bracketedRoot(lower: 0, upper: 1) { $0 } == 0)
    #expect(try bracketedRoot(lower: -1, upper: 1) { $0 - 1 } == 1)
  }

  @Test("refuses what is no bracket")
  func refusals() {
    let identity: (Double) -> Double = { $0 }
    #expect(throws: RootError.notBracketed) {
      try bracketedRoot(lower: 1, upper: 2, of: identity)
    }
    #expect(throws: RootError.notBracketed) {
      try bracketedRoot(lower: 1, upper: -1, of: identity)
    }
    #expect(throws: RootError.notBracketed) {
      try bracketedRoot(lower: -1, upper: .infinity, of: identity)
    }
    #expect(throws: RootError.notBracketed) {
      try bracketedRoot(lower: .nan, upper: 1, of: identity)
    }
    #expect(throws: RootError.undefinedValue) {
      try bracketedRoot(lower: -1, upper: 1) { $0 < 0 ? .nan : $0 }
    }
    #expect(throws: RootError.undefinedValue) {
      try bracketedRoot(lower: -1, upper: 2) { $0.magnitude < 1 ? .nan : $0 }
    }
  }
}
