// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Testing

@Suite("Normal and option kernels over arrays")
struct NormalKernelTests {
  typealias Kernel =
    @convention(c) (
      UnsafePointer<Double>?, UnsafeMutablePointer<Double>?, Int
    ) -> Void

  static let kernels: [Kernel] = [
    plimsoll_erfc, plimsoll_erfcx, plimsoll_normal_density, plimsoll_normal_cumulative,
    plimsoll_normal_inverse,
  ]

  private let inputs = (0..<40).map { 0.07 * Double($0) - 0.8 }

  /// Runs the body once in every variant this processor has.
  private func inEveryVariant(_ body: () -> Void) {
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      body()
    }
  }

  // Vectors take 2, 4 or 8 values at a time: every count up to 40 meets every kind of rest.
  @Test("give each place its own result, touch nothing beyond the count, and work in place")
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
        var values = inputs
        values.withUnsafeMutableBufferPointer { kernel($0.baseAddress, $0.baseAddress, $0.count) }
        #expect(values.map(\.bitPattern) == single)
      }
    }
  }

  // Expected: mathematics. The functions are told apart, so that none stands in for another.
  @Test("are the functions their names say")
  func identities() {
    let results = Self.kernels.map { kernel in
      var result = [0.0]
      kernel([0.75], &result, 1)
      return result[0]
    }
    // mpmath, 40 digits, at x = 0.75.
    let expected = [
      0.28884436634648486, 0.5069376502931449, 0.30113743215480443, 0.7733726476231318,
      0.6744897501960817,
    ]
    for (result, exact) in zip(results, expected) {
      #expect((result - exact).magnitude <= exact.ulp)
    }
  }

  // Expected: mpmath, 40 digits: forward 100, strike 110, volatility 20 %, one year.
  @Test("prices may be written over any of the inputs")
  func pricesInPlace() {
    let call = 4.292010941409888
    let columns = [100, 110, 0.04, 1].map { [Double](repeating: $0, count: 11) }
    inEveryVariant {
      for place in columns.indices {
        var values = columns[place]
        values.withUnsafeMutableBufferPointer { buffer in
          let (output, count) = (buffer.baseAddress, buffer.count)
          switch place {
          case 0:
            plimsoll_black76_price(output, columns[1], columns[2], columns[3], output, count)
          case 1:
            plimsoll_black76_price(columns[0], output, columns[2], columns[3], output, count)
          case 2:
            plimsoll_black76_price(columns[0], columns[1], output, columns[3], output, count)
          default:
            plimsoll_black76_price(columns[0], columns[1], columns[2], output, output, count)
          }
        }
        #expect(values.allSatisfy { ($0 - call).magnitude <= 1e-14 * 100 })
      }
    }
  }
}
