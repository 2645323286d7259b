// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters
import Quantities
import Simulation
import Testing

@Suite("Files of waterfalls")
struct WaterfallFileTests {
  private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(WaterfallFile.folder).path

  static func bundled() throws -> [WaterfallFile] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .map { try WaterfallFile.load("\(folder)/\($0)") }
  }

  /// Writes a file with one parameter after another and returns its path.
  private func written(_ values: [(key: String, value: String)]) throws -> String {
    let rows = values.map { #"{"key": "\#($0.key)", "value": "\#($0.value)", "source": "x"}"# }
    let text = """
      {"name": "own", "date": "2026-01-01", "description": "x", "parameters": [
      \(rows.joined(separator: ",\n"))]}
      """
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("waterfall-\(UUID().uuidString).json")
    try Data(text.utf8).write(to: url)
    return url.path
  }

  private func refusal(of values: [(key: String, value: String)]) throws -> String? {
    let path = try written(values)
    let file = try MarkedVenue.file.get()
    do throws(ParameterFileError) {
      _ = try WaterfallFile.load(path).over(file)
      return nil
    } catch { return "\(error)" }
  }

  @Test("each loads under its own name, says what it leaves out, and can be laid over the house's")
  func loads() throws {
    let files = try Self.bundled()
    #expect(files.count >= 11)
    #expect(files.contains { $0.set.name == WaterfallFile.house })
    let house = try MarkedVenue.file.get()
    for file in files {
      #expect(file.path.hasSuffix("/\(file.set.name).json"))
      #expect(file.description.count > 80)
      let whole = try file.over(house)
      #expect(whole.set.name == "\(house.set.name) with \(file.set.name)")
      _ = try LiquidationParameters(whole.set)
    }
  }

  @Test("the house's own says what the house's parameters say, and every other all that it says")
  func apart() throws {
    let house = try MarkedVenue.file.get()
    let own = try WaterfallFile.load(WaterfallFile.house)
    #expect(try own.over(house).set.values == house.set.values)
    for file in try Self.bundled() {
      // What a venue left to the house's own it would change with it.
      let left = own.set.values.map(\.key).filter { !file.set.states($0) }
      #expect(left.isEmpty, "\(file.set.name) leaves \(left)")
    }
  }

  @Test("a variation changes what it states, adds what was not there, and has a name of its own")
  func variation() throws {
    let house = try MarkedVenue.file.get()
    let own = try WaterfallFile.load(WaterfallFile.house)
    let named = try own.varied("depth: liquidation.depthWindow=10min, liquidation.choice=2")
    #expect(named.set.name == "plimsoll, depth")
    #expect(named.set.values.count == own.set.values.count + 1)
    let whole = try named.over(house).set
    #expect(try whole.duration("liquidation.depthWindow") == TimeSpan(seconds: 600))
    #expect(try whole.raw("liquidation.choice") == 2)
    let kept = named.set.values.filter { $0.source != "set for this run" }
    #expect(kept.allSatisfy(own.set.values.contains) && kept.count == named.set.values.count - 2)
    let unnamed = try own.varied("margin.buffer=25%")
    #expect(unnamed.set.name == "plimsoll, margin.buffer=25%")
  }

  @Test(
    "refuses a variation without a value, of no waterfall, unknown, out of bounds or stated twice",
    arguments: [
      ("", "expected key=value"), ("depth:", "expected key=value"),
      (":margin.buffer=25%", "expected key=value"),
      ("liquidation.depthWindow=", "expected key=value"),
      ("margin.buffer=25%,", "expected key=value"),
      ("book.default.spread=1%", "no parameter of a waterfall"),
      ("insuranceFund.openingShare=1%", "no parameter of a waterfall"),
      ("liquidation.depthWindo=10min", "did you mean liquidation.depthWindow"),
      ("liquidation.choice=3", "liquidation.choice"),
      ("margin.buffer=25%,margin.buffer=20%", "stated twice"),
    ])
  func refusedVariation(text: String, reason: String) throws {
    let own = try WaterfallFile.load(WaterfallFile.house)
    do throws(ParameterFileError) {
      _ = try own.varied(text)
      Issue.record("taken: \(text)")
    } catch { #expect("\(error)".contains(reason), "\(error)") }
  }

  @Test("replaces what is stated, adds what is not, and leaves the rest")
  func overlay() throws {
    let house = try MarkedVenue.file.get()
    let path = try written([
      (key: "liquidation.patience", value: "7"), (key: "liquidation.grace", value: "1h"),
    ])
    let whole = try WaterfallFile.load(path).over(house)
    #expect(try whole.set.raw("liquidation.patience") == 7)
    #expect(try whole.set.duration("liquidation.grace") == .hour)
    #expect(whole.set.values.count == house.set.values.count + 1)
    let kept = whole.set.values.filter { $0.source != "x" }
    #expect(kept.allSatisfy { house.set.values.contains($0) })
    #expect(kept.count == house.set.values.count - 1)
  }

  @Test("a misspelt key is refused with the one that was probably meant")
  func misspelt() throws {
    let text = try refusal(of: [(key: "liquidation.patients", value: "2")])
    #expect(text?.contains("did you mean liquidation.patience?") == true, "\(text ?? "accepted")")
  }

  @Test("the same key twice is refused")
  func twice() throws {
    let text = try refusal(of: [
      (key: "liquidation.patience", value: "2"), (key: "liquidation.patience", value: "3"),
    ])
    #expect(text?.contains("stated twice") == true, "\(text ?? "accepted")")
  }

  @Test("a value outside its bounds is refused, at the bound it is not")
  func bounds() throws {
    #expect(try refusal(of: [(key: "liquidation.leastShare", value: "100%")]) == nil)
    let above = try refusal(of: [(key: "liquidation.leastShare", value: "1.000000001")])
    #expect(above?.contains("is outside 0 … 1") == true, "\(above ?? "accepted")")
    let below = try refusal(of: [(key: "liquidation.leastShare", value: "-0.000000001")])
    #expect(below?.contains("is outside 0 … 1") == true, "\(below ?? "accepted")")
    #expect(try refusal(of: [(key: "liquidation.grace", value: "7d")]) == nil)
    #expect(try refusal(of: [(key: "liquidation.grace", value: "604800.000000001s")]) != nil)
  }

  @Test(
    "what is no term of a waterfall is refused: prices, depth, margin and the fund's capital",
    arguments: [
      ("oracle.BTC.quorum", "3"), ("book.default.spread", "1%"), ("margin.scan.BTC.range", "20%"),
      ("margin.tiers.BTC.row.1.maintenance", "1%"), ("insuranceFund.openingShare", "1%"),
      ("fees.taker", "1%"), ("margin.maintenanceFactor", "50%"),
    ])
  func strangers(key: String, value: String) throws {
    let text = try refusal(of: [(key: key, value: value)])
    #expect(text?.contains("no parameter of a waterfall") == true, "\(text ?? "accepted")")
  }

  @Test("two stages with one rank are refused once they lie over the others")
  func ranks() throws {
    let text = try refusal(of: [(key: "waterfall.partial.rank", value: "4")])
    #expect(text?.contains("the same rank as") == true, "\(text ?? "accepted")")
  }

  @Test("a name that is none is refused with those there are")
  func unknownName() throws {
    do throws(ParameterFileError) {
      _ = try WaterfallFile.load("no-such-venue")
      Issue.record("not refused")
    } catch {
      let text = "\(error)"
      #expect(text.contains("no-such-venue"), "\(text)")
    }
  }
}
