// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Quantities
import Testing
import Volatility

/// The recorded option chains, where this machine has them: `PLIMSOLL_DATA`, else beside the
/// package.
enum RecordedChains {
  static let folder =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .appending(path: "../../../../shared/data").standardized.path) + "/options"
  static let isPresent = FileManager.default.fileExists(
    atPath: folder + "/deribit_chain_2025-12.csv.gz")
  static let reason: Comment = "needs the recorded collection; set PLIMSOLL_DATA to its folder"
  static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  /// Every snapshot with `PLIMSOLL_FULL=1`, else those of December and the first of each month.
  static func snapshots() throws -> [OptionChainSnapshot] {
    try ["2025-12", "2026-01", "2026-03", "2026-04"].flatMap { month in
      let isShort = !isFull && month != "2025-12"
      return try OptionChainFile.read(
        path: folder + "/deribit_chain_\(month).csv.gz", first: isShort ? 2 : nil
      ).snapshots
    }
  }
}

extension OptionChain {
  /// A recorded snapshot; the forward of an expiry is the middle of what its rows say.
  init(_ snapshot: OptionChainSnapshot) throws {
    var rows: [Timestamp: [OptionChainRow]] = [:]
    for row in snapshot.rows { rows[row.expiry, default: []].append(row) }
    let expiries = rows.map { expiry, rows in
      let forwards = rows.map(\.forward).sorted()
      return ExpiryQuotes(
        expiry: expiry, forward: forwards[forwards.count / 2],
        quotes: rows.map {
          OptionQuote(
            right: $0.right, strike: $0.strike, bid: $0.bid, ask: $0.ask, time: snapshot.time)
        })
    }
    try self.init(time: snapshot.time, unit: .coin, expiries: expiries)
  }
}

@Suite(
  "The surface of recorded chains",
  .enabled(if: RecordedChains.isPresent, RecordedChains.reason))
struct RecordedChainTests {
  @Test(
    "has no arbitrage on 601 points per expiry, shocked too, and median errors below 0.7 points")
  func everyChain() throws {
    let check = try ArbitrageCheck()
    let shocks = try gridShocks()
    var errors: [Double] = []
    var squares: [Double] = []
    let snapshots = try RecordedChains.snapshots()
    #expect(snapshots.count >= 14)
    for (index, snapshot) in snapshots.enumerated() {
      let surface = try SurfaceFit().calibrate(OptionChain(snapshot))
      #expect(check.violations(of: surface).isEmpty, "\(snapshot.underlying) \(snapshot.time)")
      try expectNoArbitrage(in: surface, under: shocks, number: index)
      for fit in surface.report.expiries where fit.usedCount > 0 && fit.yearsToExpiry * 365 >= 7 {
        errors.append(fit.medianError)
        squares.append(fit.rootMeanSquareError)
      }
      let counted = surface.report.usedCount + surface.report.rejectedCount
      #expect(counted == snapshot.rows.count)
    }
    errors.sort()
    squares.sort()
    #expect(errors[errors.count / 2] <= 0.004)
    #expect(squares[squares.count / 2] <= 0.007)
  }

  /// Every shock, and every move of spot with every shock; in the usual run on fewer points, with
  /// one move after the other, so that all meet many surfaces.
  private func expectNoArbitrage(
    in surface: VolatilitySurface, under shocks: [SurfaceShock], number: Int
  ) throws {
    let isFull = RecordedChains.isFull
    let check = try ArbitrageCheck(count: isFull ? 601 : 61)
    let move = gridMoves[number % gridMoves.count]
    let moved = try (isFull ? gridMoves : [move]).map { try surface.moved(by: $0) }
    for surface in [surface] + moved {
      #expect(check.violations(of: surface).isEmpty)
      for shock in shocks {
        #expect(try check.violations(of: surface.shocked(by: shock)).isEmpty)
      }
    }
  }

  /// A row of the table in Volatility.md.
  ///
  /// Fits, quotes, median error, root mean square and its 90 %, for BTC and then for ETH.
  private struct Row {
    let days: Range<Double>
    let cells: [Double]

    init(_ line: Substring) throws {
      let cells = line.split(separator: "|").map {
        $0.filter { $0 != " " && $0 != "," }
      }
      let numbers = line.split(separator: "|")[0].split(separator: " ").compactMap { Double($0) }
      let title = String(cells[0])
      switch (title.hasPrefix("below"), numbers.count) {
      case (true, _): days = 0..<numbers[0]
      case (false, 2): days = numbers[0]..<numbers[1]
      default: days = numbers[0]..<Double.infinity
      }
      self.cells = try cells.dropFirst().map { try #require(Double(String($0))) }
    }
  }

  // Every chain: the table is of all of them.
  @Test(
    "has the errors that the table of Volatility.md states",
    .enabled(if: RecordedChains.isFull, "all chains with PLIMSOLL_FULL=1"))
  func table() throws {
    let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .appending(path: "../../../Sources/Volatility/Volatility.docc/Volatility.md").standardized
    let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
    let head = try #require(lines.firstIndex { $0.hasPrefix("| days to expiry | BTC fits") })
    let rows = try lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map { try Row($0) }
    #expect(rows.count == 9)
    var fits: [String: [ExpiryFit]] = [:]
    for snapshot in try RecordedChains.snapshots() {
      let report = try SurfaceFit().calibrate(OptionChain(snapshot)).report
      fits[snapshot.underlying.description, default: []] += report.expiries.filter {
        $0.usedCount > 0
      }
    }
    func quantile(_ values: [Double], _ share: Double) -> Double {
      let sorted = values.sorted()
      return sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
    }
    for row in rows {
      for (place, coin) in ["BTC", "ETH"].enumerated() {
        let stated = Array(row.cells[place * 5..<place * 5 + 5])
        let own = (fits[coin] ?? []).filter { row.days.contains($0.yearsToExpiry * 365) }
        let squares = own.map { $0.rootMeanSquareError * 100 }
        #expect(Double(own.count) == stated[0], "\(coin) \(row.days)")
        let quotes = own.reduce(0) { $0 + $1.usedCount }
        #expect(quotes / max(own.count, 1) == Int(stated[1]), "\(coin) \(row.days)")
        #expect(abs(quantile(own.map { $0.medianError * 100 }, 0.5) - stated[2]) <= 0.015)
        #expect(abs(quantile(squares, 0.5) - stated[3]) <= 0.015)
        #expect(abs(quantile(squares, 0.9) - stated[4]) <= 0.04)
      }
    }
  }

  @Test("has forwards that put-call parity finds too, within 0.1 %")
  func parity() throws {
    let snapshot = try #require(RecordedChains.snapshots().first)
    let chain = try OptionChain(snapshot)
    let blind = try OptionChain(
      time: chain.time, unit: chain.unit,
      expiries: chain.expiries.map {
        ExpiryQuotes(expiry: $0.expiry, forward: nil, quotes: $0.quotes)
      })
    let surface = try SurfaceFit().calibrate(blind)
    for slice in surface.slices {
      let given = try #require(chain.expiries.first { $0.expiry == slice.expiry }?.forward)
      #expect((slice.forward / given - 1).magnitude < 1e-3)
    }
  }
}
