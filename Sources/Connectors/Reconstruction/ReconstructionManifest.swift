// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

/// The parameters of a reconstruction, from its `reconstruction.json`.
struct ReconstructionManifest {
  /// The sentence for reports.
  let statement: String
  let window: Range<Timestamp>
  let seed: UInt64
  /// The name under which the common level stands in the figures.
  let commonVenue: SourceID
  /// The time in which a venue's unusual basis shrinks to 1/e, in minutes.
  let basisReversionMinutes: Double
  /// A minute's deviation of a venue's basis, as a share of the common level's.
  let basisShare: Double

  private static let keys = [
    "statement", "start", "end", "seed", "commonVenue", "basisReversionMinutes", "basisShare",
  ]

  init(path: String, limits: ReadLimits) throws(ReadError) {
    let json = try PlacedJSON(path: path, limits: limits)
    do {
      self = try ReconstructionManifest(json)
    } catch {
      throw .row(error)
    }
    try check(window)
  }

  private init(_ json: PlacedJSON) throws(RowFault) {
    let fields = Fields(json: json, members: try json.members(Self.keys, field: "manifest"))
    statement = try fields.text("statement").string(field: "statement")
    let start = try fields.time("start")
    let end = try fields.time("end")
    guard start < end else {
      throw try fields.text("end").fault("end", expected: "a time after \(start)")
    }
    window = start..<end
    guard let seed = UInt64(try fields.text("seed").decimal(field: "seed")) else {
      throw try fields.text("seed").fault("seed", expected: "a whole number below 2^64")
    }
    self.seed = seed
    guard let venue = try? AssetSymbol(fields.text("commonVenue").string(field: "commonVenue"))
    else {
      throw try fields.text("commonVenue").fault("commonVenue", expected: "a symbol")
    }
    commonVenue = SourceID(venue)
    basisReversionMinutes = try fields.number("basisReversionMinutes", in: 1...10_000)
    basisShare = try fields.number("basisShare", in: 0.001...1)
  }

  private struct Fields {
    let json: PlacedJSON
    let members: [PlacedJSON.Member]

    func text(_ key: String) throws(RowFault) -> PlacedJSON {
      guard let member = members.first(where: { $0.key == key }) else {
        throw json.fault(key, expected: "the key “\(key)”")
      }
      return member.value
    }

    func time(_ key: String) throws(RowFault) -> Timestamp {
      let value = try text(key)
      guard let time = try? Timestamp(iso8601: value.string(field: key)) else {
        throw value.fault(key, expected: "a time such as 2020-03-12T00:00Z")
      }
      return time
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(RowFault) -> Double {
      let value = try text(key)
      guard let rate = try? Rate(value.decimal(field: key)), range.contains(rate.value) else {
        throw value.fault(
          key, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return rate.value
    }
  }
}
