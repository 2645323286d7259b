// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What several tests look at, made once for each key by whichever of them asks first.
public final class Kept<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private final class Place: Sendable {
    let made = Mutex<Result<Value, any Error>?>(nil)
  }

  private let places = Mutex<[Key: Place]>([:])
  private let make: @Sendable (Key) throws -> Value

  public init(_ make: @escaping @Sendable (Key) throws -> Value) { self.make = make }

  /// Others who ask for the same key wait until it is made; another key does not.
  public func callAsFunction(_ key: Key) throws -> Value {
    let place = places.withLock { places in
      let place = places[key] ?? Place()
      places[key] = place
      return place
    }
    return try place.made.withLock { made in
      let result = made ?? Result { try make(key) }
      made = result
      return result
    }.get()
  }
}
