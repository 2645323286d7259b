// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Finds the definition of a key among the few that look like it: those with as many parts and the
/// same first and last part, where a last `*` looks like any.
struct DefinitionShapes: Sendable {
  private let definitions: [ParameterDefinition]
  /// By shape; those that look alike by chance are told apart by their keys.
  private var places: [UInt64: [Int]] = [:]

  /// - Parameter definitions: No key begins with a `*`.
  init(_ definitions: [ParameterDefinition]) {
    self.definitions = definitions
    for (place, definition) in definitions.enumerated() {
      let shape = Self.shape(of: definition.key)
      places[definition.key.hasSuffix("*") ? shape.open : shape.closed, default: []].append(place)
    }
  }

  /// The first that `key` is an instance of.
  func first(for key: String) -> ParameterDefinition? {
    let shape = Self.shape(of: key)
    let found = [shape.closed, shape.open].compactMap { shape in
      places[shape]?.first { definitions[$0].matches(key) }
    }
    return found.min().map { definitions[$0] }
  }

  /// With its last part, and without it: FNV-1a (Fowler, Noll and Vo) of the parts.
  private static func shape(of key: String) -> (closed: UInt64, open: UInt64) {
    let (start, prime): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x0000_0100_0000_01b3)
    var (first, last, parts) = (start, start, 1 as UInt64)
    for byte in key.utf8 {
      guard byte != UInt8(ascii: ".") else {
        (last, parts) = (start, parts + 1)
        continue
      }
      if parts == 1 { first = (first ^ UInt64(byte)) &* prime }
      last = (last ^ UInt64(byte)) &* prime
    }
    let open = (first ^ parts) &* prime
    return ((open ^ last) &* prime, open)
  }
}

extension ParameterDefinition {
  /// Every definition, to be found by a key.
  static let shapes = DefinitionShapes(all)
}
