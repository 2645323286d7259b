// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Testing

/// Reports what the disk and the journal do here; nothing is asserted about speed.
@Suite(.serialized) struct RateTests {
  let folder = try! TestFolder()

  @Test(
    "stores and reads records at each size of batch",
    arguments: [(1, 1_000), (64, 100), (1_024, 10)]
  )
  func append(batch: Int, commits: Int) throws {
    let path = folder.file("a.journal")
    let writer = try JournalWriter.create(path, header: sampleHeader())
    let count = batch * commits
    let records = (1...count).map { sampleRecord($0, bytes: 128) }
    let clock = ContinuousClock()
    var slowest: [Duration] = []
    let elapsed = try clock.measure {
      for start in stride(from: 0, to: count, by: batch) {
        let end = start + batch
        try slowest.append(clock.measure { try writer.append(Array(records[start..<end])) })
      }
    }
    slowest.sort()
    let seconds = elapsed / .seconds(1)
    let median = slowest[slowest.count / 2] / .microseconds(1)
    let tail = slowest[slowest.count * 99 / 100] / .microseconds(1)
    print(
      "journal: batch \(batch), 128 bytes: \(Int(Double(count) / seconds)) records/s,",
      "commit \(Int(median)) µs median, \(Int(tail)) µs at the 99th percentile")
    #expect(writer.lastSequence == count)
    let start = clock.now
    #expect(try writer.reader.allRecords == records)
    let reading = clock.now - start
    print("journal: read \(Int(Double(count) / (reading / .seconds(1)))) records/s")
    try writer.close()
  }

  @Test("what the disk alone does: 4 KiB written and synced, over and over")
  func disk() throws {
    let descriptor = open(folder.file("probe"), O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    let page = [UInt8](repeating: 1, count: 4_096)
    let clock = ContinuousClock()
    var times: [Duration] = []
    for index in 0..<500 {
      times.append(
        clock.measure {
          pwrite(descriptor, page, page.count, off_t(index * page.count))
          fsync(descriptor)
        })
    }
    times.sort()
    let median = times[250] / .microseconds(1)
    print("journal: raw write and sync: \(Int(median)) µs median")
    #expect(times.count == 500)
  }
}
