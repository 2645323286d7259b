// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Liquidation
public import Quantities

/// A loss that others were asked to bear, with those who were asked: all that their shares are a
/// function of, for anyone to find them again.
public struct LossInquiry: Hashable, Sendable {
  public let time: Timestamp
  public let block: UInt64
  /// Whose loss it was.
  public let account: AccountID
  /// In which its last position was closed.
  public let contract: Contract
  /// In which it is owed.
  public let asset: Asset
  public let question: LossQuestion
  /// What each gave, in the order in which they gave it; empty where nobody had anything.
  public let shares: [LossShare]
  /// The part that everybody gave who was not at its cap, 10^−12; see
  /// ``/Liquidation/LossQuestion/rate(among:)``.
  public let rate: Int64?
  /// Sorted by account: all who were asked.
  public let candidates: [LossCandidate]
  /// How many more were asked; none as long as the most that are kept is not reached.
  ///
  /// Without them the shares need not follow from the candidates.
  public let omitted: Int
}

/// The shared losses of one step, for whoever publishes them; no decision looks at them.
struct KeptLosses {
  private(set) var inquiries: [LossInquiry] = []
  private var candidates = 0

  /// Candidates of one step, all inquiries together; beyond, only those who gave are kept.
  static let mostCandidates = 1 << 20

  mutating func removeAll() {
    inquiries = []
    candidates = 0
  }

  /// - Parameter make: From those to name, sorted by account, the inquiry.
  mutating func append(
    _ shares: [LossShare], among asked: [LossCandidate],
    _ make: ([LossCandidate]) -> LossInquiry
  ) {
    var named = asked.sorted { $0.account < $1.account }
    if candidates >= Self.mostCandidates {
      var given = shares[...]
      named.removeAll { one in
        guard given.first?.account == one.account else { return true }
        given.removeFirst()
        return false
      }
    }
    candidates += named.count
    inquiries.append(make(named))
  }
}

extension Engine {
  /// Whether the shared losses of each step are kept until the next; nothing else depends on it.
  public var keepsSharedLosses: Bool {
    get { keptLosses != nil }
    set { keptLosses = newValue ? KeptLosses() : nil }
  }

  /// Those of the last step, in the order in which they were decided; none where none are kept.
  public var sharedLosses: [LossInquiry] { keptLosses?.inquiries ?? [] }
}
