// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("An asset symbol")
struct AssetSymbolTests {
  @Test("is 1 to 8 characters long")
  func length() throws {
    #expect(try AssetSymbol("A").description == "A")
    #expect(try AssetSymbol("ABCDEFGH").description == "ABCDEFGH")
    #expect(throws: QuantityError.malformedSymbol("")) { try AssetSymbol("") }
    #expect(throws: QuantityError.malformedSymbol("ABCDEFGHI")) { try AssetSymbol("ABCDEFGHI") }
  }

  @Test("takes capital letters, digits, underscore and point, and nothing else")
  func characters() {
    let permitted = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")
    for byte in UInt8.min...127 {
      let character = Character(Unicode.Scalar(byte))
      #expect(((try? AssetSymbol(String(character))) != nil) == permitted.contains(character))
      #expect(AssetSymbol.permits(byte) == permitted.contains(character))
    }
    for byte in UInt8(128)...255 { #expect(!AssetSymbol.permits(byte)) }
    #expect(throws: QuantityError.malformedSymbol("ÉTH")) { try AssetSymbol("ÉTH") }
    #expect(throws: QuantityError.malformedSymbol("BTc")) { try AssetSymbol("BTc") }
  }

  /// Every text of one to three characters of a small alphabet that spans the permitted range.
  static let samples: [String] = {
    let alphabet = [".", "0", "9", "A", "Z", "_"]
    let pairs = alphabet.flatMap { first in alphabet.map { first + $0 } }
    let triples = pairs.flatMap { pair in alphabet.map { pair + $0 } }
    return alphabet + pairs + triples
  }()

  @Test("is ordered as its text is, byte by byte")
  func order() throws {
    let byText = Self.samples.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    let bySymbol = try Self.samples.map { try AssetSymbol($0) }.sorted()
    #expect(bySymbol.map(\.description) == byText)
    #expect(Set(bySymbol.map(\.packed)).count == Self.samples.count)
  }

  @Test("is the same after packing")
  func packing() throws {
    for text in Self.samples + ["ABCDEFGH"] {
      let symbol = try AssetSymbol(text)
      #expect(AssetSymbol(packed: symbol.packed) == symbol)
    }
    // "BTC" = 0x42 0x54 0x43, padded to eight bytes.
    #expect(try AssetSymbol("BTC").packed == 0x4254_4300_0000_0000)
  }

  @Test(
    "has one packed form; others are refused",
    arguments: [
      UInt64(0), 0x4200_4300_0000_0000, 0x0042_5443_0000_0000, 0x6254_4300_0000_0000,
      0x4254_4300_0000_0001, 0xFF54_4300_0000_0000,
    ])
  func canonical(packed: UInt64) {
    #expect(AssetSymbol(packed: packed) == nil)
  }
}

@Suite("An asset")
struct AssetTests {
  @Test("has at most 8 decimals")
  func decimals() throws {
    let symbol = try AssetSymbol("BTC")
    for decimals in UInt8(0)...8 {
      let asset = try Asset(symbol: symbol, decimals: decimals)
      #expect(asset.unitsPerWhole == powerOfTen(Int(decimals)))
      #expect(asset.description == "BTC")
    }
    #expect(throws: QuantityError.overflow) { try Asset(symbol: symbol, decimals: 9) }
    #expect(throws: QuantityError.overflow) { try Asset(symbol: symbol, decimals: .max) }
  }

  @Test("is ordered by symbol, then by decimals")
  func order() throws {
    let assets = try [("ETH", 2), ("BTC", 8), ("BTC", 6)].map { symbol, decimals in
      try Asset(symbol: AssetSymbol(symbol), decimals: UInt8(decimals))
    }
    #expect(assets.sorted() == [assets[2], assets[1], assets[0]])
  }
}
