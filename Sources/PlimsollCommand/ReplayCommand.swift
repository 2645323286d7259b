// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Evaluation
import Foundation
import Ledger
import Quantities
import Reporting
import RiskEngine
import Simulation

/// Runs recorded market data through the whole engine.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Run recorded prices and a book of accounts through the whole engine.",
    discussion: """
      Writes the journal, records of every deleveraging, shared loss and liquidation and a \
      self-contained report into the output folder, and prints a summary. With --set, a second run \
      with the changed parameters stands beside the first.

      Each line of deleveraging.jsonl and shared-losses.jsonl is a request that plimsoll evaluate \
      answers: it finds cuts or shares anew and says whether they agree with those of the record. \
      Each line of liquidations.jsonl is one liquidation, step by step; the report draws the \
      largest, and those of the accounts that --timeline names.

      Example: plimsoll replay --market ../shared/data --set margin.maintenanceFactor=0.64
      """)

  @OptionGroup var market: MarketOptions
  @OptionGroup var parameters: ParameterOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var timelines: TimelineOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A parameter to change for a second run beside the first; repeatable.",
      valueName: "key=value"))
  var set: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("A JSON or CSV file of accounts instead of a population.", valueName: "file")
  )
  var accounts: String?

  @Option(name: .long, help: ArgumentHelp("Accounts of the population.", valueName: "count"))
  var population = 10_000

  @Option(name: .long, help: ArgumentHelp("Seed of the population.", valueName: "number"))
  var seed: UInt64 = 20_200_312

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A waterfall of ParameterFiles/Waterfalls, or a file, laid over the parameters.",
      valueName: "name"))
  var waterfall: String?

  @Option(
    name: .long, help: ArgumentHelp("Folder for journal and report.", valueName: "folder"))
  var out = "out/replay"

  @Flag(name: .long, help: "Go on with the interrupted run whose journal is in the folder.")
  var resume = false

  @Flag(inversion: .prefixedNo, help: "Write the journal.")
  var journal = true

  @Flag(
    inversion: .prefixedNo,
    help: "Write every deleveraging, with all that decided it, beside the journal.")
  var deleveragingRecord = true

  @Flag(
    inversion: .prefixedNo,
    help: "Write every shared loss, with all that decided it, beside the journal.")
  var sharedLossRecord = true

  @Flag(
    inversion: .prefixedNo,
    help: "Write every liquidation, with its steps, beside the journal.")
  var liquidationRecord = true

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write everybody's place in the queues for deleveraging to ranking.jsonl, every so many "
        + "blocks.", valueName: "blocks"))
  var rankingEvery: Int?

  @Flag(inversion: .prefixedNo, help: "Write the report.")
  var report = true

  @Flag(name: .long, help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(population) else {
      throw ValidationError("--population: \(population) is not between 1 and 1000000")
    }
    if let rankingEvery, !(1...1_000_000).contains(rankingEvery) {
      throw ValidationError("--ranking-every: \(rankingEvery) is not between 1 and 1000000")
    }
    guard journal || !resume else {
      throw ValidationError("--resume goes on with a journal: it excludes --no-journal")
    }
  }

  func run() throws {
    let stated = try parameters.load()
    let file = try waterfall.map { try WaterfallFile.load($0).over(stated) } ?? stated
    let changed = set.isEmpty ? nil : try file.applying(set)
    let workers = try engine.workers()
    let prices = try market.load()
    let source = try accountSource()
    try makeOutputFolder(out)
    var results = [try run(file, prices, source, workers, suffix: "")]
    if let changed { results.append(try run(changed, prices, source, workers, suffix: "-set")) }
    try write(results)
  }

  private func accountSource() throws -> AccountSource {
    guard let accounts else { return .population(count: population, seed: seed) }
    return .book(try AccountBookReader.load(path: accounts), path: accounts)
  }

  /// - Parameter suffix: Of the names of the run's files.
  private func run(
    _ file: ParameterFile, _ prices: RecordedMarket, _ source: AccountSource,
    _ workers: AccountWorkers, suffix: String
  ) throws -> ReplayResult {
    let name = "journal\(suffix).db"
    let target = target(name)
    let keys = file.assignments.compactMap { $0.split(separator: "=").first.map(String.init) }
    var plan = ReplayPlan(
      title: ReplayTitle.text(prices), market: prices,
      parameters: try FeedFit(market: prices, kept: keys).parameters(file.set),
      assignments: file.assignments, accounts: source, journal: target, workers: workers)
    plan.gas = try market.gas(from: prices.window.lowerBound)
    plan.timelines = try timelines.choice()
    var replaced: ReplacedJournal?
    if case .create = target { replaced = try ReplacedJournal(name, in: out) }
    do {
      let result = try run(plan, suffix: suffix) { replaced?.markBegun() }
      try replaced?.discard()
      return result
    } catch {
      try replaced?.restore()
      throw error
    }
  }

  /// - Parameter begin: Called when the input has been accepted, and again after every block.
  private func run(
    _ plan: ReplayPlan, suffix: String, begin: () -> Void
  ) throws -> ReplayResult {
    var replay = try Replay(plan)
    let progress = Progress(plan.assignments.isEmpty ? "replay" : "replay with --set")
    let kinds = LineKind.allCases.filter(isWritten)
    let files = Dictionary(
      uniqueKeysWithValues: kinds.map { ($0, LineFile(path($0, suffix))) })
    let replaced = replacedLines(suffix: suffix)
    let result = try replay.run(
      progress: { done, total in
        begin()
        progress.show(done, of: total)
      },
      watch: { engine in
        try replaced.discard()
        for kind in kinds { try files[kind]?.begin() }
        guard let rankingEvery, engine.state.block % UInt64(rankingEvery) == 0 else { return }
        for market in MarketRanking.markets(of: engine) {
          try files[.ranking]?.write(try encoded(RankingAnswer(market)))
        }
      },
      publish: files[.deleveraging].map { file in
        { one in
          try file.write(one.inquiry.published(record: one.record, hash: one.hash).compact)
        }
      },
      publishLoss: files[.sharedLosses].map { file in
        { one in
          try file.write(one.inquiry.published(record: one.record, hash: one.hash).compact)
        }
      },
      tell: files[.liquidations].map { file in
        { story in try file.write(SummaryTable.line(story)) }
      })
    try replaced.discard()
    for kind in kinds { try files[kind]?.finish() }
    progress.finish()
    return result
  }

  /// What a run that writes a journal leaves unwritten beside it.
  private func replacedLines(suffix: String) -> ReplacedLines {
    let unwritten = journal ? LineKind.allCases.filter { !isWritten($0) } : []
    return ReplacedLines(unwritten.map { path($0, suffix) })
  }

  /// The files of lines beside a journal.
  private enum LineKind: String, CaseIterable {
    case deleveraging
    case sharedLosses = "shared-losses"
    case liquidations, ranking
  }

  private func path(_ kind: LineKind, _ suffix: String) -> String {
    "\(out)/\(kind.rawValue)\(suffix).jsonl"
  }

  private func isWritten(_ kind: LineKind) -> Bool {
    switch kind {
    case .deleveraging: journal && deleveragingRecord
    case .sharedLosses: journal && sharedLossRecord
    case .liquidations: journal && liquidationRecord
    case .ranking: rankingEvery != nil
    }
  }

  /// A run writes a new journal over the one of an earlier run; `--resume` goes on with it.
  private func target(_ name: String) -> JournalTarget {
    if !journal { return .none }
    let path = out + "/" + name
    if resume, FileManager.default.fileExists(atPath: path) { return .resume(path) }
    return .create(path)
  }

  private func write(_ results: [ReplayResult]) throws {
    let page = out + "/report.html"
    if report {
      let html = HTMLReport.render(results, charts: ChartLibrary(folder: ".cache/charts"))
      try Data(html.utf8).write(to: URL(fileURLWithPath: page))
    }
    if json {
      print(SummaryTable.json(results))
      return
    }
    print(SummaryTable.text(results))
    if report { print("Report:  \(page)") }
    if journal {
      print("Journal: \(out)/journal.db (plimsoll verify \(out)/journal.db)")
    }
    if journal, deleveragingRecord {
      let lines = "\(out)/deleveraging.jsonl"
      print("Deleveraging: \(lines) (plimsoll evaluate \(lines))")
    }
    if journal, sharedLossRecord {
      let lines = "\(out)/shared-losses.jsonl"
      print("Shared losses: \(lines) (plimsoll evaluate \(lines))")
    }
    if journal, liquidationRecord { print("Liquidations: \(out)/liquidations.jsonl") }
  }
}
