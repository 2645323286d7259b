// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension RuleCase {
  private static func lines(_ count: Int, of text: String = "\n") -> String {
    String(repeating: text, count: count)
  }

  static let shape: [RuleCase] = [
    RuleCase(.fileLength, in: core, line: 501, bad: lines(501), good: lines(500)),
    RuleCase(
      .lineLength, in: core, line: 2, bad: "\n" + lines(101, of: "é"),
      good: lines(100, of: "é") + "\n"),
    RuleCase(
      .functionLength, in: core, line: 2, bad: "\nfunc f(_ a: () -> Int = { 1 }) {\(lines(60))}",
      good: "\nfunc f(_ a: () -> Int = { 1 }) {\(lines(59))}"),
    RuleCase(
      .functionLength, in: core, bad: "init?() {\(lines(60))}", good: "init?() {\(lines(59))}"),
    RuleCase(
      .functionLength, in: core, bad: "var a: Int {\(lines(60))}",
      good: "protocol P { func f()\(lines(90))var a: [Int: Int] { get } }"),
    RuleCase(
      .functionLength, in: "Sources/Kernels/a.c", line: 3,
      bad: "struct s {\n};\nvoid f(int a) {\(lines(60))}", good: "void f(int a) {\(lines(59))}"),
  ]

  static let names: [RuleCase] = [
    RuleCase(.emptyWords, in: core, bad: "struct AccountManager {}", good: "struct Account {}"),
    RuleCase(
      .emptyWords, in: core, bad: "enum BaseURLInfo {}", good: "struct DatabaseProcessor {}"),
    RuleCase(.emptyWords, in: core, bad: "func handleFill() {}", good: "func recordHandle() {}"),
    RuleCase(.versionNumbers, in: core, bad: "struct EngineV2 {}", good: "struct VariantV {}"),
    RuleCase(
      .negatedBooleans, in: core, bad: "let isNotOpen: Bool", good: "let notional: Bool"),
    RuleCase(.negatedBooleans, in: core, bad: "var isDisabled = false", good: "var isOpen = false"),
    RuleCase(
      .spelling, in: core, bad: "func socialiseLoss() {}", good: "func optimisticLoss() {}"),
    RuleCase(
      .moduleNames(["Margin", "Ledger"]), in: core, bad: "public struct Ledger {}",
      good: "public struct LedgerState {}"),
  ]

  static let imports: [RuleCase] = [
    RuleCase(
      .imports(layers), in: core, line: 2, bad: "import Kernels\npublic import Ledger",
      good: "import Kernels\npublic import Quantities"),
    RuleCase(.imports(layers), in: core, bad: "import Foundation", good: "import Quantities"),
    RuleCase(.imports(layers), in: core, bad: "import struct Glibc.tm", good: "let a = b.import"),
    RuleCase(
      .imports(layers), in: "Sources/Journal/A.swift", bad: "import Crypto",
      good: "import Foundation\nimport GRDB"),
    RuleCase(
      .imports(layers), in: "Sources/Ledger/A.swift", bad: "import RiskEngine",
      good: "import Crypto\nimport Margin"),
  ]

  static let determinism: [RuleCase] = [
    RuleCase(.machine(layers), in: core, bad: "let a = Date()", good: "let a: CivilDate"),
    RuleCase(.machine(layers), in: core, bad: "let c = ContinuousClock()", good: "let c = clock"),
    RuleCase(.machine(layers), in: core, bad: "_ = Int.random(in: a)", good: "_ = a.random"),
    RuleCase(.machine(layers), in: core, bad: "_ = a.shuffled()", good: "_ = a.sorted()"),
    RuleCase(.machine(layers), in: core, bad: "_ = getenv(a)", good: "_ = environment(a)"),
    RuleCase(.machine(layers), in: core, bad: "func a() async {}", good: "let asynchronous = 1"),
    RuleCase(.machine(layers), in: core, bad: "actor A {}", good: "let factor = 1"),
    RuleCase(.machine(layers), in: core, bad: "print(a)", good: "a.print = b"),
    RuleCase(.machine(layers), in: core, bad: "_ = a.hashValue", good: "_ = a.hash"),
    RuleCase(
      .machine(layers), in: core, bad: "struct A: @unchecked Sendable {}",
      good: "struct A: Sendable {}"),
    RuleCase(
      .machine(layers), in: "Sources/Ledger/A.swift", bad: "_ = ProcessInfo.processInfo",
      good: "_ = processInfo"),
    RuleCase(
      .arithmetic(layers), in: core, bad: "_ = a.addingProduct(b, c)", good: "_ = a + b * c"),
    RuleCase(.arithmetic(layers), in: core, bad: "let a: Float = 1", good: "let a: Double = 1"),
    RuleCase(
      .exactTargets, in: "Sources/Ledger/A.swift", line: 2, bad: "// Double\nlet a: Double",
      good: "let a: Int64 = 0x1e5"),
    RuleCase(
      .exactTargets, in: "Sources/Oracles/A.swift", bad: "let a = 1e-5", good: "let a = 1...5"),
    RuleCase(
      .modelNumbers, in: "Sources/Liquidation/A.swift", bad: "let a: Double",
      good: "import NumericalMethods\nlet a: Double"),
    RuleCase(
      .globalState(layers), in: core, line: 2, bad: "let a = 1\nvar b = 2",
      good: "struct A {\n  var b = 2\n}\nvar c: Int { 1 }"),
    RuleCase(
      .globalState(layers), in: core, bad: "enum A { static var b = 2 }",
      good: "enum A { static let b = 2\nstatic var c: Int { 2 } }"),
    RuleCase(
      .forcedUnwraps, in: core, bad: "let a = b(c[d]!)", good: "let a = b(!c) != d || !e"),
    RuleCase(.forcedUnwraps, in: core, bad: "var a: B!", good: "var a: B?"),
    RuleCase(.traps, in: core, bad: "try! f()", good: "try? f()"),
    RuleCase(.traps, in: core, bad: "a as! B", good: "a as? B"),
    RuleCase(.traps, in: core, bad: "fatalError()", good: "fatalError(\"why\")"),
  ]

  static let order: [RuleCase] = [
    RuleCase(
      .order(layers, others: []), in: core, line: 2,
      bad: "let a: [Int: Int]\nfor (k, v) in a {}",
      good: "let a: [Int: Int]\nfor (k, v) in a.sorted(by: f) {}"),
    RuleCase(
      .order(layers, others: []), in: core, line: 2,
      bad: "let a: [(b: Int, c: [Int]): Int]\nfor v in self.a.values where v > 0 {}",
      good: "let a: [Int: Int]\nfor k in self.a.keys.sorted() where a[k] != nil {}"),
    RuleCase(
      .order(layers, others: []), in: core, line: 2,
      bad: "var a = Set<Int>()\nlet b = Array(a)", good: "var a = Set<Int>()\nlet b = Array(c)"),
    RuleCase(
      .order(layers, others: []), in: core, line: 3,
      bad: "func f(a: Set<Int>) {\n  // Why it is done.\n  let b = a.reduce(0, +)",
      good: "func f(a: Set<Int>) {\n  // order-free: a sum of integers.\n  let b = a.reduce(0, +)"),
    RuleCase(
      .order(layers, others: []), in: core, line: 2,
      bad: "let a: [Int: Int]\nlet b = a.map { $0 }", good: "let a: [Int]\nlet b = a.map { $0 }"),
    RuleCase(
      .order(
        layers,
        others: [
          SourceFile(path: core, text: "var open: [Int: Int]\nlet b: [Int]\nlet b: Set<Int>")
        ]
      ),
      in: "Sources/RiskEngine/A.swift", line: 2, bad: "\nfor a in state.open {}",
      good: "for a in open {}\nfor b in state.b {}\n"),
  ]

  static let house: [RuleCase] = [
    RuleCase(
      .header, in: core, line: 2,
      bad: "// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.\n//",
      good: "// swift-tools-version: 6.2"),
    RuleCase(.header, in: "Sources/Kernels/a.h", bad: "", good: "// swift-tools-version: 6.2"),
    RuleCase(
      .unfinished, in: core, line: 2, bad: "\nf()  // TO" + "DO later", good: "let mastodon = 1"),
    RuleCase(
      .buildSettings, in: "dev", line: 2, bad: "# flags\nswift build -Xswiftc -Ounchecked",
      good: "# -Ounchecked changes the meaning of overflow"),
    RuleCase(
      .buildSettings, in: "Package.swift", bad: "  swiftSettings: [.unsafeFlags([])]",
      good: "  // .unsafeFlags is not used"),
    RuleCase(
      .links(exists: { $0 == "README.md" }), in: "Decisions/0001.md", line: 2,
      bad: "[a](../README.md#top)\n[b](README.md)", good: "[a](https://a.b), [c](#d)"),
    RuleCase(
      .kernelIncludes, in: "Sources/Kernels/a.c", bad: "#include <math.h>",
      good: "#include <stddef.h>\n#include \"math.h\""),
    RuleCase(
      .contraction([]), in: "Sources/Kernels/a.c", line: 2,
      bad: "// exact\ndouble f(double x) { return x * x + x; }",
      good: "#pragma clang fp contract(off)\ndouble f(double x) { return x * x + x; }"),
    RuleCase(
      .contraction([
        SourceFile(path: "Sources/Kernels/b.h", text: "#pragma clang fp contract(off)")
      ]), in: "Sources/Kernels/a.c", bad: "#pragma clang fp contract(fast)",
      good: "#include \"b.h\"\ndouble f(double x) { return x * x + x; }"),
    RuleCase(
      .page(of: "Quantities", hasSymbols: true), in: "Quantities.md",
      bad: "# Quantities\n\nCounts.\n\n``A`` ``B`` ``C``",
      good: "# ``Quantities``\n\nCounts.\n\n``A`` ``B`` ``C``"),
    RuleCase(
      .page(of: "Quantities", hasSymbols: true), in: "Quantities.md",
      bad: "# ``Quantities``\n\nCounts.\n\n``A`` ``B`` ``B``",
      good: "# ``Quantities``\n\nCounts.\n\n``A``, ``B``\n``C``"),
    RuleCase(
      .page(of: "Kernels", hasSymbols: false), in: "Kernels.md", line: 2,
      bad: "# ``Kernels``\n\n## Topics",
      good: "# ``Kernels``\n\nHot loops."),
  ]
}
