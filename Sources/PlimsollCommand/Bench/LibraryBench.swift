// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The same jobs done by QuantLib, measured by a program of its own in the same run.
struct LibraryBench {
  /// Nanoseconds per item by the name of QuantLib's class or function.
  private let times: [String: Double]

  /// - Throws: ``LibraryBenchError`` when the program cannot be run or prints something else.
  init(program: String) throws {
    let run = Process()
    let output = Pipe()
    run.executableURL = URL(fileURLWithPath: program)
    run.standardOutput = output
    try run.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    run.waitUntilExit()
    guard run.terminationStatus == 0 else { throw LibraryBenchError.failed(program) }
    var times: [String: Double] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let time = Double(words[1]), time > 0 else {
        throw LibraryBenchError.malformedLine(String(line))
      }
      times[String(words[0])] = time
    }
    self.times = times
  }

  func figures() throws -> [Figure] {
    [
      figure(
        "Black-76 price and 6 Greeks", BlackBench.bestKernel(), "ns/option",
        against: "BlackCalculator", goal: 25),
      figure(
        "implied volatility", try ModelBench.impliedVolatility(), "ns/option",
        against: "blackFormulaImpliedStdDev", goal: 7),
      figure(
        "Bates slice, 40 strikes", try ModelBench.batesSlice(), "ns/slice",
        against: "BatesEngine", goal: 100),
    ].compactMap { $0 }
  }

  private func figure(
    _ name: String, _ value: Double, _ unit: String, against job: String, goal: Double
  ) -> Figure? {
    times[job].map {
      .ratio(name, value, unit, against: "QuantLib's \(job)", $0, goal: goal)
    }
  }
}

/// Why QuantLib's times are not there.
enum LibraryBenchError: Error, CustomStringConvertible {
  case failed(String)
  case malformedLine(String)

  var description: String {
    switch self {
    case .failed(let program): "\(program) failed; build it with ./dev bench"
    case .malformedLine(let line): "“\(line)” is not a name and a number of nanoseconds"
    }
  }
}
