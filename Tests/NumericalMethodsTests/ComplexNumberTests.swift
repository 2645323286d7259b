// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("Complex numbers")
struct ComplexNumberTests {
  typealias Row = (Double, Double, Double, Double)

  // Expected, here and below: mpmath, 40 digits.
  @Test("have the exponential of the reference")
  func exponential() {
    let rows: [Row] = [
      (0.5, 1.25, 0.5198786860084936, 1.5646111274988195),
      (-3.0, 2.0, -0.02071873100224288, 0.045271253156092976),
      (1e-09, -2e-09, 1.000000001, -2.000000002e-09),
      (12.0, -40.0, -108547.36511360866, -121270.73701737121),
      (-0.75, 0.001, 0.472366316557758, 0.00047236647401325985),
      (3e-05, 7.0, 0.7539248717501943, 0.6570063086123976),
      (-20.0, 900.0, 1.3654463022064774e-10, 2.056625833555899e-09),
    ]
    check(rows, within: 0x1p-51, ComplexNumber.exp)
    #expect(ComplexNumber.exp(ComplexNumber(-800, 1e9)) == .zero)
  }

  @Test("lose no digits of an exponential or a logarithm near one")
  func nearOne() {
    let exponentials: [Row] = [
      (0.5, 1.25, -0.4801213139915063, 1.5646111274988195),
      (-3.0, 2.0, -1.020718731002243, 0.045271253156092976),
      (1e-09, -2e-09, 9.999999985e-10, -2.000000002e-09),
      (12.0, -40.0, -108548.36511360866, -121270.73701737121),
      (-0.75, 0.001, -0.5276336834422419, 0.00047236647401325985),
      (3e-05, 7.0, -0.24607512824980565, 0.6570063086123976),
    ]
    check(exponentials, within: 0x1p-50, ComplexNumber.expm1)
    #expect(ComplexNumber.expm1(ComplexNumber(-800, 1e9)) == ComplexNumber(-1))
    let logarithms: [Row] = [
      (0.5, 1.25, 0.669142570966765, 0.6947382761967031),
      (-3.0, 2.0, 1.0397207708399179, 2.356194490192345),
      (1e-09, -2e-09, 1.0000000015e-09, -1.9999999980000002e-09),
      (12.0, -40.0, 3.7390848470798925, -1.2565644277105583),
      (-0.75, 0.001, -1.38628636118389, 0.003999978666871465),
      (3e-05, 7.0, 1.956012102722713, 1.4288950721932527),
    ]
    check(logarithms, within: 0x1p-50, ComplexNumber.log1p)
    for (x, y, real, imaginary) in logarithms {
      let expected = ComplexNumber(real, imaginary) / ComplexNumber(x, y)
      let ratio = ComplexNumber.log1pRatio(ComplexNumber(x, y))
      #expect((ratio - expected).magnitude <= 0x1p-49 * expected.magnitude)
    }
    #expect(ComplexNumber.log1pRatio(.zero) == .one)
  }

  @Test("have logarithm and root of the reference, with principal branches")
  func inverses() {
    let logarithms: [Row] = [
      (0.5, 1.25, 0.2973535538733464, 1.1902899496825317),
      (-3.0, 2.0, 1.2824746787307684, 2.5535900500422257),
      (1e-09, -2e-09, -19.918546880729362, -1.1071487177940904),
      (12.0, -40.0, 3.7319683022344625, -1.2793395323170296),
      (-20.0, 900.0, 6.802641615958305, 1.5930148921216156),
    ]
    check(logarithms, within: 0x1p-50, ComplexNumber.log)
    let roots: [Row] = [
      (0.5, 1.25, 0.9608046632337985, 0.6504964265019547),
      (-3.0, 2.0, 0.5502505227003375, 1.8173540210239707),
      (1e-09, -2e-09, 4.022479320953552e-05, -2.486028939392892e-05),
      (-0.75, 0.001, 0.0005773501408896657, 0.8660255962344214),
      (-20.0, 900.0, 20.978824976558528, 21.45020040459007),
    ]
    check(roots, within: 0x1p-51) { $0.squareRoot() }
    #expect(ComplexNumber(-4).squareRoot() == ComplexNumber(0, 2))
    #expect(ComplexNumber(-4, -0x1p-600).squareRoot().imaginary == -2)
    #expect(ComplexNumber.zero.squareRoot() == .zero)
  }

  @Test("obey the laws of a field", arguments: [1, 2, 3] as [UInt64])
  func field(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    func draw() -> ComplexNumber {
      ComplexNumber(4 * generator.nextUnit() - 2, 4 * generator.nextUnit() - 2)
    }
    for _ in 0..<1_000 {
      let (a, b, c) = (draw(), draw(), draw())
      let scale = a.magnitude * (b.magnitude + c.magnitude)
      #expect((a * (b + c) - (a * b + a * c)).magnitude <= 0x1p-49 * scale)
      #expect((a * b / b - a).magnitude <= 0x1p-49 * a.magnitude)
      #expect((ComplexNumber.exp(.log(a)) - a).magnitude <= 0x1p-48 * a.magnitude)
      let root = a.squareRoot()
      #expect(root.real >= 0 && (root * root - a).magnitude <= 0x1p-49 * a.magnitude)
      let product = ComplexNumber.exp(a) * .exp(b)
      #expect((product - .exp(a + b)).magnitude <= 0x1p-48 * product.magnitude)
      #expect(a - a == .zero && -a == .zero - a && 2 * a == a + a)
    }
  }

  private func check(
    _ rows: [Row], within bound: Double, _ function: (ComplexNumber) -> ComplexNumber
  ) {
    for (x, y, real, imaginary) in rows {
      let expected = ComplexNumber(real, imaginary)
      let found = function(ComplexNumber(x, y))
      // One rounding more for the reference itself.
      let tolerance = (bound + 0x1p-53) * expected.magnitude
      #expect((found - expected).magnitude <= tolerance, "at \(x), \(y): \(found)")
    }
  }
}

@Suite("Arctangent of a quotient")
struct ArctangentTests {
  // Expected: mpmath, 40 digits.
  @Test(
    "equals the reference in every octant",
    arguments: [
      (1, 3, 0.3217505543966422),
      (-2, 0.5, -1.3258176636680326),
      (1e-300, -1, 3.141592653589793),
      (-5, -4.9, -2.3460938236070232),
      (0.4142135623730951, 1, 0.3926990816987242),
      (7e+200, 1e+200, 1.4288992721907328),
      (3, -1e-05, 1.57079966012823),
      (2, 2, 0.7853981633974483),
    ] as [(Double, Double, Double)])
  func reference(y: Double, x: Double, expected: Double) {
    #expect((Elementary.atan2(y, x) - expected).magnitude <= 2 * expected.ulp)
    #expect(Elementary.atan2(-y, x) == -Elementary.atan2(y, x))
  }

  @Test("inverts sine and cosine on the whole circle")
  func circle() {
    for step in -4_000...4_000 {
      let angle = 3.1415 * Double(step) / 4_000
      let found = Elementary.atan2(3 * Elementary.sin(angle), 3 * Elementary.cos(angle))
      // The point itself is rounded: one unit of its radius in each coordinate.
      #expect((found - angle).magnitude <= 4 * 0x1p-53 * max(1, angle.magnitude))
    }
  }

  @Test("has its limits on the axes and is NaN where there is no angle")
  func limits() {
    #expect(Elementary.atan2(0, 0) == 0 && Elementary.atan2(0, 1) == 0)
    #expect(Elementary.atan2(0, -1) == Double.pi && Elementary.atan2(-0.0, -1) == Double.pi)
    #expect(Elementary.atan2(1, 0) == Double.pi / 2 && Elementary.atan2(-1, 0) == -Double.pi / 2)
    for strange in [Double.nan, .infinity, -.infinity] {
      #expect(Elementary.atan2(strange, 1).bitPattern == 0x7ff8_0000_0000_0000)
      #expect(Elementary.atan2(1, strange).bitPattern == 0x7ff8_0000_0000_0000)
    }
  }
}
