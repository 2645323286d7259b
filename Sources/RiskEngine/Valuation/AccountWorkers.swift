// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Measures accounts on one or more threads of the caller's.
///
/// The engine starts no threads itself. Work on one range reads shared values and writes its own
/// results in their places: any number of workers gives the same answer.
public struct AccountWorkers: Sendable {
  /// Measures the accounts of a range.
  public typealias Work = @Sendable (Range<Int>) -> Void

  /// Calls the work for ranges that follow one another and together cover `0..<count`, in any
  /// order and at any time, and returns when all of it is done.
  public let divide: @Sendable (_ count: Int, _ work: Work) -> Void

  public init(_ divide: @escaping @Sendable (Int, Work) -> Void) { self.divide = divide }

  /// Everything on the caller's own thread.
  public static let one = AccountWorkers { count, work in work(0..<count) }
}
