// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Testing

@Suite("Elementary kernels over arrays")
struct ElementaryKernelTests {
  typealias Kernel =
    @convention(c) (
      UnsafePointer<Double>?, UnsafeMutablePointer<Double>?, Int
    ) -> Void

  static let kernels: [Kernel] = [
    plimsoll_exp, plimsoll_expm1, plimsoll_log, plimsoll_log1p, plimsoll_sin, plimsoll_cos,
  ]

  private let inputs = (0..<40).map { 0.37 * Double($0) - 2.5 }

  /// Runs the body once in every variant this processor has.
  private func inEveryVariant(_ body: () -> Void) {
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      body()
    }
  }

  // Vectors take 2, 4 or 8 values at a time: every count up to 40 meets every kind of rest.
  @Test("give each place its own result and touch nothing beyond the count")
  func everyCount() {
    for kernel in Self.kernels {
      let single = inputs.map { input in
        var output = 0.0
        withUnsafePointer(to: input) { kernel($0, &output, 1) }
        return output.bitPattern
      }
      inEveryVariant {
        for count in 0...inputs.count {
          var results = [Double](repeating: 123, count: inputs.count + 1)
          kernel(inputs, &results, count)
          #expect(results.prefix(count).map(\.bitPattern) == Array(single.prefix(count)))
          #expect(results.dropFirst(count).allSatisfy { $0 == 123 })
        }
      }
    }
  }

  @Test("work in place")
  func inPlace() {
    for kernel in Self.kernels {
      var expected = inputs
      kernel(inputs, &expected, inputs.count)
      inEveryVariant {
        var values = inputs
        values.withUnsafeMutableBufferPointer {
          kernel($0.baseAddress, $0.baseAddress, $0.count)
        }
        #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
      }
    }
  }

  @Test("of two inputs may write over either")
  func inPlaceOfTwo() {
    let bases = inputs.map { $0 + 3 }
    var expected = inputs
    plimsoll_pow(bases, inputs, &expected, inputs.count)
    inEveryVariant {
      var first = bases
      first.withUnsafeMutableBufferPointer {
        plimsoll_pow($0.baseAddress, inputs, $0.baseAddress, $0.count)
      }
      #expect(first.map(\.bitPattern) == expected.map(\.bitPattern))
      var second = inputs
      second.withUnsafeMutableBufferPointer {
        plimsoll_pow(bases, $0.baseAddress, $0.baseAddress, $0.count)
      }
      #expect(second.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  // Expected: mathematics. The functions are told apart, so that none stands in for another.
  @Test("are the functions their names say")
  func identities() {
    let one = [1.0]
    var result = [0.0]
    plimsoll_exp(one, &result, 1)
    #expect(result == [2.718281828459045])
    plimsoll_expm1(one, &result, 1)
    #expect(result == [1.7182818284590453])
    plimsoll_log([2], &result, 1)
    #expect(result == [0.6931471805599453])
    plimsoll_log1p(one, &result, 1)
    #expect(result == [0.6931471805599453])
    plimsoll_sin(one, &result, 1)
    #expect(result == [0.8414709848078965])
    plimsoll_cos(one, &result, 1)
    #expect(result == [0.5403023058681398])
    plimsoll_pow([3], [4], &result, 1)
    #expect(result == [81])
    plimsoll_exp_of_sum([300], [0x1p-50], &result, 1)
    var plain = [0.0]
    plimsoll_exp([300], &plain, 1)
    #expect(result[0] > plain[0])
  }
}
