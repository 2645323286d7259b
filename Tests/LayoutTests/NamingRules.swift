// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Rule {
  private static let typeKeywords = ["struct", "class", "enum", "protocol", "actor", "typealias"]

  /// Words that say nothing about what a thing is.
  static let emptyWords = Rule("empty-word", because: "a name says what a thing is, not that it is")
  {
    file in
    let empty: Set<String> = [
      "process", "handle", "handler", "handles", "manage", "manager", "manages", "helper",
      "helpers",
      "util", "utils", "utility", "utilities", "base", "data", "info",
    ]
    let verbs: Set<String> = ["process", "handle", "manage"]
    // A test may speak of a process of the machine or of recorded data.
    guard file.target != nil else { return [] }
    return file.declarations.compactMap { declaration in
      let words = declaration.words
      let isType = typeKeywords.contains(declaration.keyword)
      let isFunction = declaration.keyword == "func"
      let word =
        isType ? words.first(where: empty.contains) : words.prefix(1).first(where: verbs.contains)
      guard isType || isFunction, let word else { return nil }
      return (
        declaration.line, "“\(declaration.name)”: “\(word)” says nothing; use the field's term"
      )
    }
  }

  /// A version belongs in data or in a commit.
  static let versionNumbers = Rule("version", because: "there is one current way to do a thing") {
    file in
    file.declarations.compactMap { declaration in
      guard typeKeywords.contains(declaration.keyword) || declaration.keyword == "func",
        let mark = declaration.name.lastIndex(where: { $0 == "V" || $0 == "v" }),
        mark != declaration.name.startIndex,
        case let digits = declaration.name[mark...].dropFirst(), !digits.isEmpty,
        digits.allSatisfy(\.isNumber)
      else { return nil }
      return (declaration.line, "“\(declaration.name)”: leave the version number out of the name")
    }
  }

  static let negatedBooleans = Rule("negation", because: "“not not” is read wrongly") { file in
    let negations: Set<String> = ["not", "no", "never", "disabled", "disable"]
    return file.declarations.compactMap { declaration in
      guard ["let", "var"].contains(declaration.keyword), declaration.isBoolean,
        declaration.words.contains(where: negations.contains)
      else { return nil }
      return (declaration.line, "“\(declaration.name)”: name the positive case")
    }
  }

  /// A type named like a module hides the module.
  static func moduleNames(_ targets: [String]) -> Rule {
    Rule("module-name", because: "a type named like a module makes the module unreachable") {
      file in
      file.declarations.compactMap { declaration in
        guard typeKeywords.contains(declaration.keyword), targets.contains(declaration.name)
        else { return nil }
        return (declaration.line, "“\(declaration.name)” is a module; give the type another name")
      }
    }
  }

  static let spelling = Rule("spelling", because: "names are in American spelling") { file in
    let british = [
      "colour": "color", "behaviour": "behavior", "favour": "favor", "neighbour": "neighbor",
      "normalis": "normaliz", "optimis": "optimiz", "initialis": "initializ",
      "serialis": "serializ", "realise": "realize", "socialis": "socializ",
      "summaris": "summariz", "organis": "organiz", "minimis": "minimiz",
      "maximis": "maximiz", "centred": "centered", "catalogue": "catalog",
    ].sorted { $0.key < $1.key }
    return file.declarations.compactMap { declaration in
      var name = declaration.name
      for (found, right) in british where !name.lowercased().contains("optimistic") {
        name.replace(found, with: right)
        name.replace(found.capitalizedWord, with: right.capitalizedWord)
      }
      guard name != declaration.name else { return nil }
      return (declaration.line, "“\(declaration.name)”: write “\(name)”")
    }
  }
}

extension String {
  fileprivate var capitalizedWord: String { prefix(1).uppercased() + dropFirst() }
}

/// A name that a file introduces.
struct Declaration {
  let keyword: String
  let name: String
  let line: Int
  let isBoolean: Bool

  /// The words of a camel-case name, in lower case.
  var words: [String] {
    var words: [String] = []
    var word = ""
    var wasLower = false
    for character in name {
      if character.isUppercase, wasLower {
        words.append(word)
        word = ""
      }
      word += character.lowercased()
      wasLower = !character.isUppercase
    }
    return words + [word]
  }
}

extension SourceFile {
  /// Types, functions, cases and variables declared in a Swift file.
  var declarations: [Declaration] {
    guard isSwift else { return [] }
    let keywords: Set<String> = [
      "struct", "class", "enum", "protocol", "actor", "typealias", "func", "let", "var", "case",
    ]
    return tokens.indices.compactMap { index in
      guard keywords.contains(word(index)), word(index - 1) != ".", index + 1 < tokens.count,
        tokens[index + 1].kind == .word, !keywords.contains(word(index + 1))
      else { return nil }
      let isBoolean =
        (word(index + 2) == ":" && word(index + 3) == "Bool")
        || (word(index + 2) == "=" && ["true", "false"].contains(word(index + 3)))
      return Declaration(
        keyword: word(index), name: word(index + 1), line: tokens[index].line,
        isBoolean: isBoolean)
    }
  }
}
