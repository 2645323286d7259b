// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Quantities
import Volatility

/// How a calibration went, as aligned lines for a terminal.
public enum CalibrationTable {
  public static func text(_ chain: CalibratedChain) -> String {
    let head =
      "\(chain.underlying) options of \(chain.snapshot.time.readable) UTC: "
      + "\(NumberText.grouped(Int64(chain.snapshot.rows.count))) quotes, "
      + "\(chain.expiries.count) expiries\n"
    return [
      head, expiries(chain), rejections(chain), Self.check(chain) + "\n",
    ].joined(separator: "\n")
  }

  /// What the search for arbitrage found, in a sentence.
  static func check(_ chain: CalibratedChain) -> String {
    let grid =
      "\(chain.grid.count) points per expiry, "
      + "log-moneyness \(NumberText.fixed(chain.grid.first ?? 0, decimals: 1)) to "
      + NumberText.fixed(chain.grid.last ?? 0, decimals: 1)
    let counts = [
      ("butterfly", ArbitrageViolation.Kind.butterfly), ("calendar", .calendar),
    ].map { "\($0): \(NumberText.grouped(Int64(chain.violationCount($1))))" }
    return "Arbitrage violations on \(grid): " + counts.joined(separator: ", ")
  }

  private static func expiries(_ chain: CalibratedChain) -> String {
    var table = TextTable([
      ("Expiry (UTC)", .left), ("Days", .right), ("Forward", .right), ("At the money", .right),
      ("Skew", .right), ("Used", .right), ("Rejected", .right), ("Median error", .right),
      ("RMS error", .right),
    ])
    for expiry in chain.expiries {
      let row = ExpiryText(expiry)
      table.append([
        row.expiry, row.days, row.forward, row.atTheMoney, row.skew, row.used, row.rejected,
        row.medianError, row.rootMeanSquareError,
      ])
    }
    return table.text
      + "Skew: change of volatility per unit of ln(K/F). Errors: volatility points.\n"
  }

  private static func rejections(_ chain: CalibratedChain) -> String {
    guard !chain.rejections.isEmpty else { return "Rejected quotes: none\n" }
    var table = TextTable([("Rejected quotes", .left), ("Count", .right)])
    for (reason, count) in chain.rejections {
      table.append([reason.title, NumberText.grouped(Int64(count))])
    }
    table.append(["sum", NumberText.grouped(Int64(chain.surface.report.rejectedCount))])
    return table.text
  }
}

/// The figures of an expiry as people read them; a dash where there is no smile.
struct ExpiryText {
  let expiry: String
  let days: String
  let forward: String
  let atTheMoney: String
  let skew: String
  let used: String
  let rejected: String
  let medianError: String
  let rootMeanSquareError: String
  let largestError: String

  init(_ expiry: CalibratedExpiry) {
    let fit = expiry.fit
    /// In volatility points.
    func points(_ error: Double) -> String {
      expiry.slice == nil ? "–" : NumberText.fixed(error * 100, decimals: 2)
    }
    self.expiry = fit.expiry.readable
    days = NumberText.fixed(expiry.days, decimals: expiry.days < 10 ? 2 : 1)
    forward = fit.forward.map { NumberText.fixed($0, decimals: 2) } ?? "–"
    atTheMoney = expiry.slice.map { NumberText.percentage($0.atTheMoney) } ?? "–"
    skew = expiry.skew.map { NumberText.fixed($0, decimals: 3) } ?? "–"
    used = NumberText.grouped(Int64(fit.usedCount))
    rejected = NumberText.grouped(Int64(fit.rejected.count))
    medianError = points(fit.medianError)
    rootMeanSquareError = points(fit.rootMeanSquareError)
    largestError = points(fit.largestError)
  }
}
