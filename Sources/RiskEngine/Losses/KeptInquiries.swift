// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation

/// Something that was decided among others, who are named with it.
protocol Inquiry {
  associatedtype Candidate
  var candidates: [Candidate] { get }
}

extension DeleveragingInquiry: Inquiry {}
extension LossInquiry: Inquiry {}

/// The inquiries of one step, for whoever publishes them; no decision looks at them.
struct KeptInquiries<Kind: Inquiry & Sendable>: Sendable {
  private(set) var inquiries: [Kind] = []
  private var candidates = 0
  /// Candidates of one step, all inquiries together; beyond, only those who gave are named.
  var mostCandidates = 1 << 20

  mutating func removeAll() {
    inquiries = []
    candidates = 0
  }

  /// - Parameter make: From whether all who were asked are named, the inquiry.
  mutating func append(_ make: (_ namesAll: Bool) -> Kind) {
    let inquiry = make(candidates < mostCandidates)
    candidates += inquiry.candidates.count
    inquiries.append(inquiry)
  }
}

extension Engine {
  /// Whether the deleveragings of each step are kept until the next; nothing else depends on it.
  public var keepsDeleveragings: Bool {
    get { keptDeleveragings != nil }
    set { keptDeleveragings = newValue ? KeptInquiries() : nil }
  }

  /// Those of the last step, in the order in which they were decided; none where none are kept.
  public var deleveragings: [DeleveragingInquiry] { keptDeleveragings?.inquiries ?? [] }

  /// Whether the shared losses of each step are kept until the next; nothing else depends on it.
  public var keepsSharedLosses: Bool {
    get { keptLosses != nil }
    set { keptLosses = newValue ? KeptInquiries() : nil }
  }

  /// Those of the last step, in the order in which they were decided; none where none are kept.
  public var sharedLosses: [LossInquiry] { keptLosses?.inquiries ?? [] }
}
