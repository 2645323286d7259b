// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Ledger
import RiskEngine
import Simulation
import Testing

/// One journal of every release lies in `Tests/StoredJournals`; the program that reads it must
/// decide it again to the same hash, or name the version it does not know.
@Suite("A journal of an earlier release")
struct StoredJournalTests {
  private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "../StoredJournals").standardized

  private func copied(_ name: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "plimsoll-stored-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for file in [name, name + ".mark"] {
      try FileManager.default.copyItem(
        at: Self.folder.appending(path: file), to: folder.appending(path: file))
    }
    return folder.appending(path: name).path
  }

  @Test("of engine 1 is decided again to the hash it was written with")
  func firstRelease() throws {
    let journal = try copied("engine-1.db")
    defer {
      try? FileManager.default.removeItem(
        at: URL(filePath: journal).deletingLastPathComponent())
    }
    let stated = try String(
      contentsOf: Self.folder.appending(path: "engine-1.hash"), encoding: .utf8)
    let reader = try JournalReader.open(journal)
    #expect(reader.header.engineVersion == "plimsoll-engine-1")
    let verified = try verify(reader, workers: .one) { _, _ in }
    #expect(verified.engine.hash.description + "\n" == stated)
    #expect(verified.records > 100)
  }
}
