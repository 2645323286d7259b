// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// What accounts are exposed to one underlying, of those that were asked about.
///
/// A change of an account is not carried to every underlying: what was found tells by its version
/// whether it still holds.
struct KnownExposures: Sendable {
  let underlying: AssetSymbol
  /// Ascending by account.
  private var entries: [Entry] = []

  private struct Entry {
    let account: Int32
    /// Of the account when the figure was found.
    let version: UInt32
    let value: Int64
  }

  init(underlying: AssetSymbol) { self.underlying = underlying }

  /// The figures of holders that still hold.
  ///
  /// - Parameters:
  ///   - holdings: By ascending account.
  ///   - versions: Of every account now.
  func figures(of holdings: [Holding], _ versions: [UInt32]) -> HolderFigures {
    var values: [Int64] = []
    values.reserveCapacity(holdings.count)
    var missing: [Int] = []
    var place = 0
    for holding in holdings {
      let account = holding.account
      while place < entries.count, entries[place].account < account { place += 1 }
      if place < entries.count, entries[place].account == account,
        entries[place].version == versions[Int(account)]
      {
        values.append(entries[place].value)
      } else {
        missing.append(values.count)
        values.append(0)
      }
    }
    return HolderFigures(values: values, missing: missing)
  }

  /// Keeps what was found of accounts as they stand now, and forgets what no longer holds.
  ///
  /// - Parameter found: By ascending account.
  mutating func remember(_ found: [FoundFigure], _ versions: [UInt32]) {
    var merged: [Entry] = []
    merged.reserveCapacity(entries.count + found.count)
    var place = 0
    func keep(before account: Int32) {
      while place < entries.count, entries[place].account < account {
        let entry = entries[place]
        if entry.version == versions[Int(entry.account)] { merged.append(entry) }
        place += 1
      }
    }
    for one in found {
      let account = Int32(one.account)
      keep(before: account)
      if place < entries.count, entries[place].account == account { place += 1 }
      merged.append(Entry(account: account, version: versions[one.account], value: one.value))
    }
    keep(before: .max)
    entries = merged
  }
}
