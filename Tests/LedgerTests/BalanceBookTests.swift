// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Testing

@Suite("The venue's balance in the ledger")
struct BalanceBookTests {
  private let one = SmallVenue.one
  private let two = SmallVenue.two
  private let three = SmallVenue.three

  /// Two registered makers, pots in two assets, a mark.
  private func venue() throws -> SmallVenue {
    var venue = try SmallVenue()
    venue.move(1_000, of: venue.usd, .outside, .account(one), .deposit)
    venue.move(1_000, of: venue.btc, .outside, .account(one), .deposit)
    venue.state.apply(.makerRegistered(three))
    venue.state.apply(.makerRegistered(two))
    let symbol = venue.btc.symbol
    venue.move(70, of: venue.usd, .account(one), .entryPot(symbol), .entryFee)
    venue.move(5, of: venue.btc, .account(one), .entryPot(symbol), .entryFee)
    venue.state.apply(
      .balanceMarked([
        BalanceMark(underlying: symbol, imbalance: -9, rate: 7, premiums: -3, samples: 2)
      ]))
    return venue
  }

  @Test("makers are kept in order, each once")
  func makers() throws {
    var venue = try venue()
    #expect(venue.state.balance.makers == [two, three])
    #expect(venue.state.balance.isMaker(two) && !venue.state.balance.isMaker(one))
    venue.state.apply(.makerReleased(two))
    #expect(venue.state.balance.makers == [three])
    #expect(venue.state.index(of: three).map { venue.state.isHouse($0) } == true)
    #expect(venue.state.index(of: two).map { venue.state.isHouse($0) } == false)
  }

  @Test("what is paid into a pot is in it, per underlying and asset, and money is conserved")
  func pots() throws {
    var venue = try venue()
    let symbol = venue.btc.symbol
    #expect(venue.state.balance.pot(of: symbol, in: venue.usd) == 70)
    #expect(venue.state.balance.pot(of: symbol, in: venue.btc) == 5)
    #expect(try venue.state.balance.pot(of: AssetSymbol("ETH"), in: venue.usd) == 0)
    #expect(venue.state.balance.total(in: venue.usd) == 70)
    #expect(venue.state.brokenAfterBlock() == nil)
    venue.move(70, of: venue.usd, .entryPot(symbol), .account(two), .entryRebate)
    #expect(venue.state.balance.pots.map(\.units) == [5] && venue.balance(two) >= 70)
    #expect(venue.state.brokenAfterBlock() == nil)
    venue.move(1, of: venue.usd, .entryPot(symbol), .account(two), .entryRebate)
    #expect(venue.state.brokenAfterEvent() == .entryPotsAreNotNegative)
  }

  @Test("the mean of premiums, each at most the index")
  func premiums() throws {
    var mark = BalanceMark(underlying: try AssetSymbol("BTC"))
    #expect(mark.premium == .zero)
    mark.sample(Rate(billionths: 3))
    mark.sample(Rate(billionths: 4))
    #expect(mark.premium == Rate(billionths: 4), "3.5, to even")
    mark.sample(Rate(billionths: .max))
    #expect(mark.premiums == 1_000_000_007 && mark.samples == 3)
    mark.restartSampling()
    #expect(mark.premium == .zero && mark.samples == 0)
  }

  @Test("a state with it reads back; without, it has the bytes it had")
  func bytes() throws {
    let plain = try SmallVenue().state
    #expect(plain.balance.isEmpty && plain.canonicalBytes.last == 0)
    let state = try venue().state
    let bytes = state.canonicalBytes
    #expect(try LedgerState(canonicalBytes: bytes) == state)
    for index in plain.canonicalBytes.count - 1..<bytes.count {
      for change in [1, 2, 0x80, 0xff] as [UInt8] {
        var mutated = bytes
        mutated[index] ^= change
        guard let other = try? LedgerState(canonicalBytes: mutated) else { continue }
        #expect(other != state && other.canonicalBytes == mutated, "byte \(index)")
      }
    }
    // Registered and released: nothing is left of it.
    var empty = try SmallVenue()
    empty.state.apply(.makerRegistered(one))
    empty.state.apply(.makerReleased(one))
    #expect(empty.state.canonicalBytes == plain.canonicalBytes)
  }
}

// MARK: Samples

extension Samples {
  mutating func balanceCommands() -> [Command] {
    [.registerMaker(account()), .releaseMaker(account())]
  }

  mutating func balanceEvents() -> [LedgerEvent] {
    [
      .makerRegistered(account()), .makerReleased(account()),
      .balanceMarked(
        list { samples in
          BalanceMark(
            underlying: samples.symbol(), imbalance: samples.integer(), rate: -5,
            premiums: 1_000_000_000, samples: 1)
        }),
    ]
  }
}
