// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Phrases of code that a rule refuses, and what to write instead.
struct Ban: Sendable {
  /// Tokens separated by spaces.
  let phrases: [String]
  let remedy: String

  init(_ phrases: String..., write remedy: String) {
    self.phrases = phrases
    self.remedy = remedy
  }
}

extension Rule {
  /// Refuses phrases in the files for which `applies` holds.
  init(
    _ name: String, because reason: String, bans: [Ban],
    in applies: @escaping @Sendable (SourceFile) -> Bool
  ) {
    var known: [String: [(phrase: [String], remedy: String)]] = [:]
    for ban in bans {
      for phrase in ban.phrases.map({ $0.split(separator: " ").map(String.init) }) {
        known[phrase[0], default: []].append((phrase, ban.remedy))
      }
    }
    let table = known
    self.init(name, because: reason) { file in
      guard applies(file) else { return [] }
      return file.tokens.indices.flatMap { index in
        (table[file.tokens[index].text] ?? [])
          .filter { file.matches($0.phrase, at: index) }
          .map { (file.tokens[index].line, "“\($0.phrase.joined(separator: " "))”: \($0.remedy)") }
      }
    }
  }

  /// The core is a function of state and command: it cannot see the machine.
  static func machine(_ layers: Layers) -> Rule {
    Rule(
      "machine", because: "verify must get the same bits on another machine, another day",
      bans: [
        Ban(
          "Date", "ContinuousClock", "SuspendingClock", "DispatchTime", "clock_gettime",
          write: "take the time from the command"),
        Ban(
          "SystemRandomNumberGenerator", ". random (", ". randomElement", ". shuffled",
          ". shuffle (", write: "draw from a seeded generator of NumericalMethods at the edge"),
        Ban(
          "ProcessInfo", "CommandLine", "getenv", "Bundle", "FileManager", "FileHandle", "fopen",
          "readLine", write: "read it at the edge and pass a value"),
        Ban(
          "Task", "TaskGroup", "ThrowingTaskGroup", "withTaskGroup", "actor", "async", "await",
          "Thread", "DispatchQueue", "DispatchGroup", "Mutex", "Atomic",
          write: "the core is synchronous; run it from Simulation or Service"),
        Ban(
          "print (", "debugPrint", "dump (",
          write: "emit an event; events are the core's log"),
        Ban(
          "Hasher", "hashValue", "ObjectIdentifier",
          write: "hash values change from run to run; use canonical bytes or a stable key"),
        Ban(
          "@ unchecked", "nonisolated ( unsafe )",
          write: "the core has no shared state; use a value"),
      ], in: { layers.isCore($0.target) && $0.isSwift })
  }

  /// Numbers are the same bits on every processor.
  static func arithmetic(_ layers: Layers) -> Rule {
    Rule(
      "arithmetic", because: "fused and reordered operations differ from processor to processor",
      bans: [
        Ban(
          "addingProduct", "addProduct", "addingProductInPlace", "fma",
          write: "write the product and the sum; they must round twice everywhere"),
        Ban(
          "Float", "Float16", "Float32", "Float80", "CGFloat", "Decimal", "NSDecimalNumber",
          write: "use Double for models and quantities for money"),
      ], in: { layers.isCore($0.target) && $0.isSwift })
  }

  /// Money and prices are integers where they are decided and kept.
  static let exactTargets = Rule(
    "exact", because: "Ledger and Oracles have no floating point: money is counted, not measured"
  ) { file in
    guard ["Ledger", "Oracles"].contains(file.target), file.isSwift else { return [] }
    return file.tokens.compactMap { token in
      let isLiteral =
        token.kind == .number && !token.text.hasPrefix("0x")
        && token.text.contains { $0 == "." || $0 == "e" }
      guard isLiteral || token.text == "Double" else { return nil }
      return (token.line, "“\(token.text)”: count in Price, Amount, Rate or Int128 instead")
    }
  }

  /// Decisions take model numbers only from NumericalMethods.
  static let modelNumbers = Rule(
    "model-number", because: "a decision computes in Double only through NumericalMethods"
  ) { file in
    let targets = ["Liquidation", "Clearing", "Governance", "Forecasting"]
    guard targets.contains(file.target ?? ""), file.isSwift,
      let use = file.tokens.first(where: { $0.text == "Double" }),
      !file.imports.contains(where: { $0.module == "NumericalMethods" })
    else { return [] }
    return [(use.line, "call a function of NumericalMethods, and round its result once")]
  }

  /// Constants may be global; state may not.
  static func globalState(_ layers: Layers) -> Rule {
    Rule("global-state", because: "state that no argument shows cannot be replayed") { file in
      guard layers.isCore(file.target), file.isSwift else { return [] }
      var depth = 0
      return file.tokens.indices.compactMap { index in
        switch file.word(index) {
        case "{": depth += 1
        case "}": depth -= 1
        case "var" where depth == 0 || file.word(index - 1) == "static":
          guard !file.isComputed(variableAt: index) else { return nil }
          return (file.tokens[index].line, "make it a constant, or part of a state that is passed")
        default: break
        }
        return nil
      }
    }
  }

  /// What must not stop the process, and what must say why when it does.
  static let traps = Rule(
    "trap", because: "input must never stop the process, and a broken invariant must have a name",
    bans: [
      Ban("try !", write: "handle the error, or use a throwing function"),
      Ban("as !", write: "use as? and handle the other case"),
      Ban(
        "fatalError ( )", "preconditionFailure ( )", "assertionFailure ( )",
        write: "say which rule was broken"),
    ], in: { $0.target != nil && $0.isSwift })

  /// Sources say what happens when a value is absent; tests may insist on it.
  static let forcedUnwraps = Rule(
    "forced-unwrap", because: "an absent value must lead to a refusal or a named invariant"
  ) { file in
    guard file.target != nil, file.isSwift else { return [] }
    return file.tokens.indices.compactMap { index in
      let token = file.tokens[index]
      guard token.text == "!", !token.followsSpace, index > 0,
        file.tokens[index - 1].kind != .sign
          || [")", "]", "?", ">"].contains(file.word(index - 1)),
        !["try", "as"].contains(file.word(index - 1))
      else { return nil }
      return (token.line, "write “guard let”, or name the invariant in a precondition")
    }
  }
}

extension SourceFile {
  /// Whether the variable declared at `index` has a body instead of storage.
  fileprivate func isComputed(variableAt index: Int) -> Bool {
    var next = index + 1
    while next < tokens.count, tokens[next].line == tokens[index].line {
      if word(next) == "{" { return true }
      if word(next) == "=" { return false }
      next += 1
    }
    return false
  }
}
