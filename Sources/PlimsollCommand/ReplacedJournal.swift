// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal

/// The journal of an earlier run, set aside until the run that takes its place has begun.
///
/// A run whose input is refused leaves the folder as it was.
final class ReplacedJournal {
  private static let suffix = ".earlier"

  private let folder: String
  private let name: String
  private var hasBegun = false

  /// - Throws: ``JournalError/alreadyOpen(path:)`` while another process writes the journal.
  init(_ name: String, in folder: String) throws {
    self.folder = folder
    self.name = name
    let path = folder + "/" + name
    do { _ = try JournalReader.open(path) } catch {
      // Whatever else is wrong with the earlier journal ends with it.
      if case .alreadyOpen = error { throw error }
    }
    try discard()
    for old in try files() { try move(old, to: old + Self.suffix) }
  }

  /// The new journal has begun: the earlier one will not come back.
  func markBegun() { hasBegun = true }

  /// Lets the earlier journal go, or what a killed run left of one.
  func discard() throws {
    for old in try files() where old.hasSuffix(Self.suffix) { try remove(old) }
  }

  /// Puts the earlier journal back in the place of one that never began.
  func restore() throws {
    guard !hasBegun else { return try discard() }
    for new in try files() where !new.hasSuffix(Self.suffix) { try remove(new) }
    for old in try files() { try move(old, to: String(old.dropLast(Self.suffix.count))) }
  }

  /// The journal's own files and those beside it.
  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0 == name || $0.hasPrefix(name + "-") || $0.hasPrefix(name + ".")
    }
  }

  private func remove(_ file: String) throws {
    try FileManager.default.removeItem(atPath: folder + "/" + file)
  }

  private func move(_ file: String, to other: String) throws {
    try FileManager.default.moveItem(atPath: folder + "/" + file, toPath: folder + "/" + other)
  }
}
