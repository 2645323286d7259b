// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Margin

/// Measures accounts on one or more threads of the caller's.
///
/// The engine starts no threads itself. Work on one range reads shared values and writes its own
/// results in their places: any number of workers gives the same answer.
public struct AccountWorkers: Sendable {
  /// Writes the risks of the accounts of a range to as many places, every one of them.
  public typealias Work =
    @Sendable (Range<Int>, UnsafeMutableBufferPointer<AccountRisk>) -> Void

  /// The risks of accounts `0..<count`, made by calling the work for ranges that follow one
  /// another and together cover all, in any order and at any time.
  public let map: @Sendable (_ count: Int, _ work: Work) -> [AccountRisk]

  public init(_ map: @escaping @Sendable (Int, Work) -> [AccountRisk]) { self.map = map }

  /// Everything on the caller's own thread.
  public static let one = AccountWorkers { count, work in
    filled(count) { risks in work(0..<count, risks) }
  }

  /// So many risks, written by the body.
  public static func filled(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<AccountRisk>) -> Void
  ) -> [AccountRisk] {
    [AccountRisk](unsafeUninitializedCapacity: count) { risks, written in
      risks.initialize(repeating: .unmeasured)
      body(UnsafeMutableBufferPointer(rebasing: risks[..<count]))
      written = count
    }
  }
}
