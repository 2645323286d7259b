// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A piece of HTML.
///
/// What a literal says is taken as it stands; what is interpolated is escaped, unless it is
/// markup itself. No other way leads from a text into a page.
struct Markup: ExpressibleByStringInterpolation, Sendable {
  let text: String

  init(stringLiteral value: String) { text = value }
  init(stringInterpolation: Interpolation) { text = stringInterpolation.text }
  fileprivate init(trusted text: String) { self.text = text }

  typealias StringInterpolation = Interpolation

  /// Collects the parts of a literal.
  struct Interpolation: StringInterpolationProtocol {
    fileprivate(set) var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      text += Markup.escaped(value.description)
    }
  }

  /// Text for element content and for quoted attributes.
  static func escaped(_ value: String) -> String {
    var text = ""
    text.reserveCapacity(value.utf8.count)
    for scalar in value.unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      case "\n", "\t": text.unicodeScalars.append(scalar)
      default:
        // Controls are no text, and directional overrides would reorder what follows.
        let properties = scalar.properties
        let isHidden = properties.generalCategory == .control || properties.isBidiControl
        text.unicodeScalars.append(isHidden ? "\u{FFFD}" : scalar)
      }
    }
    return text
  }

  /// A script of our own or of the chart library; cannot end its element early.
  static func script(_ source: String) -> Markup {
    Markup(trusted: "<script>\n\(source.replacing("</script", with: "<\\/script"))\n</script>\n")
  }

  /// JSON for our script to read; ``JSONText`` has escaped it already.
  static func json(_ value: JSONText, id: String) -> Markup {
    Markup(
      trusted: "<script type=\"application/json\" id=\"\(escaped(id))\">\(value.compact)</script>\n"
    )
  }

  /// The style sheet.
  static func style(_ source: String) -> Markup { Markup(trusted: "<style>\n\(source)</style>\n") }

  /// A dash in place of nothing.
  static let none: Markup = "<span class=\"none\">–</span>"

  static func + (left: Markup, right: Markup) -> Markup {
    Markup(trusted: left.text + right.text)
  }
}

extension Sequence where Element == Markup {
  func joined(_ separator: Markup = "") -> Markup {
    var parts = ""
    for (position, part) in enumerated() {
      if position > 0 { parts += separator.text }
      parts += part.text
    }
    return Markup(trusted: parts)
  }
}
