// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
public import Ledger
public import RiskEngine
import Synchronization

/// Seals records one after another on a thread of its own, while the engine decides on.
///
/// The chain of hashes is the one that ``/RiskEngine/Engine/step(_:)`` makes. Not faster than the
/// engine for long: who is too far ahead waits.
public final class RecordSealer: Sendable {
  private let queue = DispatchQueue(label: "plimsoll.records")
  private let last: Mutex<ChainHash>
  /// Groups that may wait at once.
  private let room = DispatchSemaphore(value: 64)

  /// Decisions that are worth a call to the other thread.
  public static let groupSize = 256

  /// - Parameter hash: Of the record before the first.
  public init(after hash: ChainHash) { last = Mutex(hash) }

  /// Takes on the next decisions, in their order.
  public func seal(_ decisions: [Decision]) {
    guard !decisions.isEmpty else { return }
    room.wait()
    queue.async { [self] in
      var hash = last.withLock { $0 }
      for decision in decisions { hash = decision.sealed(after: hash).hash }
      last.withLock { $0 = hash }
      room.signal()
    }
  }

  /// The hash of the last record, once all are sealed.
  public func finish() -> ChainHash {
    queue.sync {}
    return last.withLock { $0 }
  }
}
