// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters

// Refusals of what would mix risk universes.
extension Refusal {
  var universeCode: String {
    switch self {
    case .unknownUniverse: "unknown-universe"
    case .otherUniverse: "other-universe"
    default: "universe"
    }
  }

  var universeDescription: String {
    switch self {
    case .unknownUniverse(.common): "the fund of the common universe has a command of its own"
    case .unknownUniverse(let universe): "no underlying is in \(universe)"
    case .otherUniverse(let id, let universe):
      "\(id) is of the \(universe) and may hold nothing of another at the same time"
    default: code
    }
  }
}
