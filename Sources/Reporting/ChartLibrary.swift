// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The script of plotly.js, which set-up fetches; reports carry it inside and load nothing.
public struct ChartLibrary: Sendable {
  /// For the foot of the page, for example `plotly==7.1.0 plotly.min.js`.
  public let name: String
  public let script: String

  public init(name: String, script: String) {
    self.name = name
    self.script = script
  }

  /// The largest script that is taken, in bytes.
  public static let largest = 7_000_000

  /// Reads `plotly.min.js`, and its name from `VERSIONS`, in the folder where set-up puts them.
  ///
  /// - Returns: `nil` when there is no such file, it is too large or no text; reports then show
  ///   drawings of their own.
  public init?(folder: String) {
    let place = URL(fileURLWithPath: folder, isDirectory: true)
    guard let bytes = try? Data(contentsOf: place.appendingPathComponent("plotly.min.js")),
      !bytes.isEmpty, bytes.count <= Self.largest, let script = String(data: bytes, encoding: .utf8)
    else { return nil }
    let versions = try? String(
      contentsOf: place.appendingPathComponent("VERSIONS"), encoding: .utf8)
    let words = versions?.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ")
    self.init(name: words ?? "plotly.min.js", script: script)
  }
}
