// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("JSON")
struct JSONTests {
  static func read(_ text: String) throws -> JSONValue {
    try JSONReader.read(Array(text.utf8)[...])
  }

  @Test(
    "reads and writes every form of value to the same bytes",
    arguments: [
      #"{"a":[],"b":{},"c":null,"d":true,"e":false}"#,
      #"[0,-0,1.50,1e3,-2.5E-7,123456789012345678901234567890]"#,
      #""plain, \"quoted\" \\ \n\r\t \u0000\u001f Größe 木 🚢""#,
      #"{"é":1,"":2}"#,
    ])
  func roundTrip(text: String) throws {
    #expect(try Self.read(text).compact == text)
  }

  @Test("reads escapes as the characters they stand for")
  func escapes() throws {
    let value = try Self.read(#""\u0041\/\b\f\u00e9\ud83d\udea2""#)
    #expect(value == .string("A/\u{8}\u{C}é🚢"))
  }

  @Test(
    "refuses what is not JSON, naming the place",
    arguments: [
      ("", 0), ("{", 1), ("[1,]", 3), ("{\"a\":1,}", 7), ("{a:1}", 1), ("[1 2]", 3), ("tru", 3),
      ("01", 1), ("1.", 2), (".5", 0), ("+1", 0), ("1e", 2), ("NaN", 0), ("Infinity", 0),
      ("-", 1), ("1 1", 2), ("\"a", 2), ("\"\t\"", 1), (#""\x""#, 2), (#""\u12""#, 5),
      ("//", 0), ("'a'", 0), ("{\"a\" 1}", 5), ("\u{FEFF}{}", 0),
    ])
  func syntax(text: String, offset: Int) {
    let fault = #expect(throws: JSONFault.self) { try Self.read(text) }
    guard case .unexpected? = fault?.reason else {
      Issue.record("\(text): \(String(describing: fault))")
      return
    }
    #expect(fault?.offset == offset)
  }

  @Test("refuses bytes that are not UTF-8 and halves of surrogate pairs")
  func encoding() {
    let texts: [[UInt8]] = [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      Array(#""\ud800""#.utf8), Array(#""\udc00""#.utf8), Array(#""\ud800A""#.utf8),
    ]
    for text in texts {
      let fault = #expect(throws: JSONFault.self) { try JSONReader.read(text[...]) }
      #expect(fault?.reason == .encoding)
    }
  }

  @Test("refuses a name that stands twice, however it is written and however many there are")
  func repeatedNames() {
    let few = #expect(throws: JSONFault.self) { try Self.read(#"{"a":1,"b":2,"\u0061":3}"#) }
    #expect(few?.reason == .repeatedName("a"))
    #expect(few?.offset == 13)
    let names = (0..<40).map { "\"n\($0)\":0" }.joined(separator: ",")
    let many = #expect(throws: JSONFault.self) { try Self.read("{\(names),\"n7\":1}") }
    #expect(many?.reason == .repeatedName("n7"))
  }

  @Test("permits lists and objects inside one another up to the limit", arguments: [15, 16, 17])
  func depth(levels: Int) throws {
    let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    guard levels > 16 else {
      #expect(try Self.read(text).compact == text)
      return
    }
    let fault = #expect(throws: JSONFault.self) { try Self.read(text) }
    #expect(fault?.reason == .depth(limit: 16))
  }

  @Test("refuses a million opening brackets at the limit")
  func brackets() {
    let fault = #expect(throws: JSONFault.self) {
      try JSONReader.read([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)[...])
    }
    #expect(fault?.offset == 16)
  }

  @Test(
    "writes the shortest number that reads back",
    arguments: [
      (0.1, "0.1"), (1, "1"), (-2, "-2"), (1e21, "1e+21"), (1e-7, "1e-07"),
      (.leastNonzeroMagnitude, "5e-324"),
      (0.1 + 0.2, "0.30000000000000004"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    ])
  func shortestNumber(value: Double, text: String) throws {
    #expect(JSONValue.number(value).compact == text)
    #expect(try Self.read(text).number == value)
  }

  @Test("cannot say NaN or infinity")
  func notANumber() {
    #expect(JSONValue.number(.nan) == .null)
    #expect(JSONValue.number(-.infinity) == .null)
  }

  @Test("writes for people what reads back as the same value")
  func indented() throws {
    let text = #"{"a":[1,2,{"long":"0123456789","longer":"01234567890123456789"}],"b":{}}"#
    let value = try Self.read(text)
    let pretty = value.indented(columns: 40)
    #expect(
      pretty == """
        {
          "a": [
            1,
            2,
            {
              "long": "0123456789",
              "longer": "01234567890123456789"
            }
          ],
          "b": {}
        }

        """)
    #expect(try Self.read(pretty) == value)
  }
}
