// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Ledger

/// A column as it was found.
///
/// Damaged bytes can turn any column into any type, so nothing is converted, only recognised.
struct StoredValue {
  private let storage: DatabaseValue.Storage

  init(_ value: DatabaseValue) {
    storage = value.storage
  }

  var integer: Int? {
    guard case .int64(let value) = storage else { return nil }
    return Int(value)
  }

  var bytes: [UInt8]? {
    guard case .blob(let value) = storage else { return nil }
    return Array(value)
  }

  /// A column of type TEXT; SQLite's own tables have them, the journal's have none.
  var text: String? {
    guard case .string(let value) = storage else { return nil }
    return value
  }

  /// Bytes that are UTF-8.
  var utf8: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }
  var chainHash: ChainHash? { bytes.flatMap { ChainHash(bytes: $0) } }
  var checksum: Checksum? { bytes.flatMap { Checksum(bytes: $0) } }
}
