// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Margin

/// Measures accounts on one or more threads of the caller's.
///
/// The engine starts no threads itself. Work on one range reads shared values and gives its own
/// results, which are put together in the order of the accounts: any number of workers gives
/// the same answer.
public struct AccountWorkers: Sendable {
  /// The risks of accounts `0..<count`, made by calling the work for ranges that follow one
  /// another and together cover all, in any order and at any time.
  public let map:
    @Sendable (_ count: Int, _ work: @Sendable (Range<Int>) -> [AccountRisk]) -> [AccountRisk]

  public init(
    _ map:
      @escaping @Sendable (Int, @Sendable (Range<Int>) -> [AccountRisk]) -> [AccountRisk]
  ) {
    self.map = map
  }

  /// Everything on the caller's own thread.
  public static let one = AccountWorkers { count, work in work(0..<count) }
}
