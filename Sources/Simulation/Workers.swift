// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
public import RiskEngine

extension AccountWorkers {
  /// Accounts spread over so many threads in equal ranges; 1 or fewer stays on the caller's.
  public static func threads(_ count: Int) -> AccountWorkers {
    guard count > 1 else { return .one }
    return AccountWorkers { total, places, work in
      let length = max((total + count - 1) / count, 1)
      // Every range has places of its own.
      nonisolated(unsafe) let places = places
      DispatchQueue.concurrentPerform(iterations: count) { index in
        let start = min(index * length, total)
        work(start..<min(start + length, total), places)
      }
    }
  }
}
