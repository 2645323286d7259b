// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A complex number, with operations of fixed order and the same bits on every machine.
///
/// Built on ``Elementary`` and correctly rounded operations. Quotients, roots and logarithms square
/// magnitudes: where an operand's magnitude lies between 2^-500 and 2^500 nothing overflows or
/// loses digits. Accuracy is given relative to the magnitude of the result.
@frozen
public struct ComplexNumber: Hashable, Sendable {
  public var real: Double
  public var imaginary: Double

  @inlinable @inline(__always) public init(_ real: Double, _ imaginary: Double = 0) {
    self.real = real
    self.imaginary = imaginary
  }

  @inlinable public static var zero: ComplexNumber { ComplexNumber(0) }
  @inlinable public static var one: ComplexNumber { ComplexNumber(1) }

  @inlinable public var isFinite: Bool { real.isFinite && imaginary.isFinite }

  /// x² + y².
  @inlinable @inline(__always) public var squaredMagnitude: Double {
    real * real + imaginary * imaginary
  }

  /// The distance from zero, within 1.5 ulp.
  @inlinable @inline(__always) public var magnitude: Double { squaredMagnitude.squareRoot() }
}

extension ComplexNumber {
  @inlinable @inline(__always)
  public static func + (a: ComplexNumber, b: ComplexNumber) -> ComplexNumber {
    ComplexNumber(a.real + b.real, a.imaginary + b.imaginary)
  }

  @inlinable @inline(__always)
  public static func - (a: ComplexNumber, b: ComplexNumber) -> ComplexNumber {
    ComplexNumber(a.real - b.real, a.imaginary - b.imaginary)
  }

  @inlinable @inline(__always)
  public static prefix func - (a: ComplexNumber) -> ComplexNumber {
    ComplexNumber(-a.real, -a.imaginary)
  }

  /// The product, within 2^-51.
  @inlinable @inline(__always)
  public static func * (a: ComplexNumber, b: ComplexNumber) -> ComplexNumber {
    ComplexNumber(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  @inlinable @inline(__always)
  public static func * (a: Double, b: ComplexNumber) -> ComplexNumber {
    ComplexNumber(a * b.real, a * b.imaginary)
  }

  /// The quotient, within 2^-50.
  @inlinable @inline(__always)
  public static func / (a: ComplexNumber, b: ComplexNumber) -> ComplexNumber {
    let scale = 1 / b.squaredMagnitude
    return ComplexNumber(
      (a.real * b.real + a.imaginary * b.imaginary) * scale,
      (a.imaginary * b.real - a.real * b.imaginary) * scale)
  }
}

extension ComplexNumber {
  /// e^z, within 2^-51.
  ///
  /// The imaginary part is at most 2^20 in magnitude, or the result is NaN; where the real part is
  /// so low that the result is 0, it may be any number.
  @inlinable public static func exp(_ z: ComplexNumber) -> ComplexNumber {
    if z.real < -746 { return .zero }
    let scale = Elementary.exp(z.real)
    return ComplexNumber(
      scale * Elementary.cos(z.imaginary), scale * Elementary.sin(z.imaginary))
  }

  /// e^z - 1, without the loss of digits near zero: within 2^-50.
  ///
  /// The imaginary part is at most 2^21 in magnitude, or the result is NaN, unless e^z is 0.
  @inlinable public static func expm1(_ z: ComplexNumber) -> ComplexNumber {
    if z.real < -746 { return ComplexNumber(-1) }
    // cos y = 1 - 2 sin²(y/2): the one cancels before anything is rounded.
    let sine = Elementary.sin(0.5 * z.imaginary)
    let cosine = Elementary.cos(0.5 * z.imaginary)
    let growth = Elementary.expm1(z.real)
    let drop = 2 * (sine * sine)
    return ComplexNumber(
      growth * (1 - drop) - drop, (growth + 1) * (2 * (sine * cosine)))
  }

  /// The logarithm with imaginary part from -π to π, within 2^-50 × (1 + its magnitude).
  @inlinable public static func log(_ z: ComplexNumber) -> ComplexNumber {
    let square = z.squaredMagnitude
    let isNearOne = square > 0.5 && square < 2
    let excess = (z.real - 1) * (z.real + 1) + z.imaginary * z.imaginary
    let real = isNearOne ? Elementary.log1p(excess) : Elementary.log(square)
    return ComplexNumber(0.5 * real, Elementary.atan2(z.imaginary, z.real))
  }

  /// The logarithm of 1 + z, without the loss of digits near zero: within 2^-50 × |z| there.
  @inlinable public static func log1p(_ z: ComplexNumber) -> ComplexNumber {
    let excess = z.real * (2 + z.real) + z.imaginary * z.imaginary
    return ComplexNumber(
      0.5 * Elementary.log1p(excess), Elementary.atan2(z.imaginary, 1 + z.real))
  }

  /// ln(1 + z) / z, which is 1 at zero; within 2^-49.
  @inlinable public static func log1pRatio(_ z: ComplexNumber) -> ComplexNumber {
    // Below, the two first terms of the series leave less than a rounding error.
    let isTiny = z.squaredMagnitude < 0x1p-54
    let quotient = log1p(z) / (isTiny ? .one : z)
    return isTiny ? ComplexNumber(1 - 0.5 * z.real, -0.5 * z.imaginary) : quotient
  }

  /// The root with a real part of at least 0, within 2^-51.
  @inlinable public func squareRoot() -> ComplexNumber {
    let larger = (0.5 * (magnitude + real.magnitude)).squareRoot()
    let smaller = larger == 0 ? 0 : 0.5 * imaginary.magnitude / larger
    let isRight = real >= 0
    let up = isRight ? smaller : larger
    return ComplexNumber(isRight ? larger : smaller, imaginary < 0 ? -up : up)
  }
}
