// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Instruments
import Journal
import Ledger
import Liquidation
import Quantities
import Reporting
import RiskEngine
import Simulation

/// Says where every account stands in the queues for deleveraging.
struct RankingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ranking",
    abstract: "Say where every account stands in the queues for deleveraging.",
    discussion: """
      Rebuilds the venue from a journal, as it was after its last block or after the one stated. \
      In each market the winners of each side stand in a queue by the venue's rule, at the mark: \
      place 1, quantile 100, is closed against others first. Who has no profit, or is in \
      liquidation itself, stands outside the queue and is not asked while others suffice.

      Example: plimsoll ranking out/black-thursday/journal.db --instrument BTC-PERP
      """)

  @Argument(help: "The journal to read.")
  var journal: String

  @Option(
    name: .long,
    help: ArgumentHelp("After which block; the last by default.", valueName: "number"))
  var block: UInt64?

  @Option(name: .long, help: ArgumentHelp("This market alone.", valueName: "name"))
  var instrument: String?

  @Option(name: .long, help: ArgumentHelp("This account alone.", valueName: "number"))
  var account: UInt32?

  @Flag(name: .long, help: "Print a line of JSON for each market.")
  var json = false

  func run() throws {
    let engine = try recover(JournalReader.open(journal), through: block, workers: .one)
    guard engine.valuation != nil else {
      throw RankingError.unmarked(journal, block: engine.state.block)
    }
    let names = engine.state.listing.contracts.map(\.name)
    if let instrument, !names.contains(instrument) {
      throw ValidationError(
        "--instrument: “\(instrument)” is not listed; there are \(names.joined(separator: ", "))")
    }
    if let account, engine.state.index(of: AccountID(account)) == nil {
      throw ValidationError("--account: \(journal) has no account \(account)")
    }
    let markets = MarketRanking.markets(
      of: engine, contract: instrument, account: account.map { AccountID($0) })
    if json {
      for market in markets { print(try encoded(RankingAnswer(market))) }
      return
    }
    print("Block \(engine.state.block), \(engine.state.time)")
    for market in markets { print("\n" + text(of: market), terminator: "") }
    if markets.isEmpty { print("Nobody asked for holds a position.") }
  }

  private func text(of market: MarketRanking) -> String {
    var table = TextTable([
      ("Account", .right), ("Side", .left), ("Size", .right), ("Place", .right), ("Of", .right),
      ("Quantile", .right),
    ])
    for row in market.rows {
      let place = row.queue.map { ["\($0.place)", "\($0.count)", "\($0.quantile)"] }
      table.append(
        ["\(row.account.number)", row.side.word, market.sizeText(row.size)]
          + (place ?? ["–", "–", "–"]))
    }
    return "\(market.contract.name) at \(market.mark)\n" + table.text
  }
}

/// One market of `ranking --json`, and of `replay --ranking-every`.
struct RankingAnswer: Encodable {
  struct Row: Encodable {
    let account: UInt32
    let side: String
    let size: String
    let value: String
    let place: Int?
    let of: Int?
    let quantile: Int?
  }

  let time: String
  let block: UInt64
  let instrument: String
  let mark: String
  let accounts: [Row]

  init(_ market: MarketRanking) {
    time = market.time.description
    block = market.block
    instrument = market.contract.name
    mark = market.mark.description
    accounts = market.rows.map { row in
      Row(
        account: row.account.number, side: row.side.word, size: market.sizeText(row.size),
        value: decimalText(row.value, decimals: 6), place: row.queue?.place, of: row.queue?.count,
        quantile: row.queue?.quantile)
    }
  }
}

/// Why nobody stands anywhere.
enum RankingError: Error, CustomStringConvertible {
  case unmarked(String, block: UInt64)

  var description: String {
    switch self {
    case .unmarked(let journal, let block):
      "\(journal): no market has a price after block \(block); state a later --block"
    }
  }
}

extension Side {
  fileprivate var word: String { self == .buy ? "long" : "short" }
}
