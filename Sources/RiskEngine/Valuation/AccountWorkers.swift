// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Measures accounts on one or more threads of the caller's.
///
/// The engine starts no threads itself. Work on one range reads shared values and writes its own
/// results in their places: any number of workers gives the same answer.
public struct AccountWorkers: Sendable {
  /// Works on a range, given the places of all results; writes those of the range.
  public typealias Work = @Sendable (Range<Int>, UnsafeMutableRawBufferPointer) -> Void

  /// Calls the work for ranges that follow one another and together cover `0..<count`, in any
  /// order and at any time, with the places it was given, and returns when all of it is done.
  public let map:
    @Sendable (_ count: Int, _ places: UnsafeMutableRawBufferPointer, _ work: Work) -> Void

  public init(
    _ map: @escaping @Sendable (Int, UnsafeMutableRawBufferPointer, Work) -> Void
  ) { self.map = map }

  /// Everything on the caller's own thread.
  public static let one = AccountWorkers { count, places, work in work(0..<count, places) }

  /// The same with places for results of one type.
  func divide<Result: Sendable>(
    _ count: Int, into results: UnsafeMutableBufferPointer<Result>,
    _ work: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Result>) -> Void
  ) {
    map(count, UnsafeMutableRawBufferPointer(results)) { range, places in
      work(range, places.assumingMemoryBound(to: Result.self))
    }
  }
}
