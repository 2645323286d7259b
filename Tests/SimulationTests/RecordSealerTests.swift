// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import Simulation
import Testing

@Suite("Records sealed on a thread of their own")
struct RecordSealerTests {
  private static func open() throws -> (engine: Engine, quote: Asset) {
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let (engine, _) = try Engine.open(quote: quote, parameters: ParameterFile.bundled().set)
    return (engine, quote)
  }

  private static func command(_ number: UInt32, _ quote: Asset) -> Command {
    let id = AccountID(number / 2)
    return number % 2 == 0
      ? .openAccount(id, .cross)
      : .depositCollateral(id, Amount(units: 1 + Int64(number), asset: quote))
  }

  @Test("the chain is that of one step after another, whatever the groups", arguments: [1, 7, 256])
  func chain(groupSize: Int) throws {
    var (stepped, quote) = try Self.open()
    var decided = stepped
    let sealer = RecordSealer(after: decided.hash)
    var group: [Decision] = []
    for number: UInt32 in 0..<2_000 {
      let record = try stepped.step(Self.command(number, quote))
      let decision = try decided.decide(Self.command(number, quote))
      #expect(decision.sequence == record.sequence && decision.events == record.events)
      group.append(decision)
      guard group.count == groupSize else { continue }
      sealer.seal(group)
      group = []
    }
    sealer.seal(group)
    #expect(decided.hash != stepped.hash)
    decided.resume(at: sealer.finish())
    #expect(decided.hash == stepped.hash && decided.sequence == stepped.sequence)
    // From here on by steps again.
    let (one, other) = (
      try stepped.step(Self.command(2_000, quote)), try decided.step(Self.command(2_000, quote))
    )
    #expect(one == other)
  }

  @Test("what is refused takes no number, and the next record follows the last")
  func refusal() throws {
    var (stepped, quote) = try Self.open()
    var decided = stepped
    let sealer = RecordSealer(after: decided.hash)
    _ = try stepped.step(Self.command(0, quote))
    let first = try decided.decide(Self.command(0, quote))
    #expect(throws: StepError.self) { try decided.decide(Self.command(0, quote)) }
    let second = try decided.decide(Self.command(1, quote))
    #expect(second.sequence == first.sequence + 1)
    sealer.seal([first, second])
    sealer.seal([])
    let record = try stepped.step(Self.command(1, quote))
    #expect(sealer.finish() == record.hash)
  }
}
