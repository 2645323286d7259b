// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A transaction on its way.
struct PendingTransaction: Hashable, Sendable {
  let sender: Int
  /// The most it pays, wei per gas.
  let price: Int64
  /// When blocks may have it, seconds after the start; `nil` if it was dropped on its way.
  let arrival: Double?
  let sent: Int64
}

/// A chain with more transactions than room: blocks, a price of inclusion, messages late or lost.
///
/// Blocks have room for what pays the price of the block: the profile's, with a spread from block
/// to block, or a base fee that follows it by at most an eighth a block. Everything is drawn from
/// the seed.
struct CongestedChain {
  struct Terms: Sendable {
    var profile: GasProfile
    var market = FeeMarket.firstPrice
    var blockSeconds: Int64 = 13
    /// Mean of the exponential delay of a message.
    var meanDelaySeconds = 2.0
    var dropProbability = 0.01
    /// Standard deviation of the logarithm of a block's price.
    var spread = 0.25
  }

  let terms: Terms
  private(set) var second: Int64
  /// Wei per gas; what a transaction must pay to be in the last block.
  private(set) var clearing: Int64
  private var baseFee: Int64
  private var pending: [PendingTransaction] = []
  private var random: SplitMix64

  init(_ terms: Terms, from second: Int64, seed: UInt64) {
    self.terms = terms
    self.second = second
    clearing = terms.profile.weiPerGas(after: second)
    baseFee = clearing
    random = SplitMix64(seed: seed)
  }

  mutating func send(from sender: Int, paying price: Int64) {
    let delay = -Elementary.log(1 - random.nextUnit()) * terms.meanDelaySeconds
    let isDropped = random.chance(terms.dropProbability)
    pending.append(
      PendingTransaction(
        sender: sender, price: price, arrival: isDropped ? nil : Double(second) + delay,
        sent: second))
  }

  /// Whether a sender has a transaction that waits or was lost.
  func waits(_ sender: Int) -> Bool { pending.contains { $0.sender == sender } }

  /// Replaces what a sender has on its way.
  mutating func withdraw(_ sender: Int) { pending.removeAll { $0.sender == sender } }

  /// The next block.
  ///
  /// - Returns: What it includes, the dearest first.
  mutating func mine() -> [PendingTransaction] {
    second += terms.blockSeconds
    let asked = terms.profile.weiPerGas(after: second)
    let drawn = Double(asked) * Elementary.exp(terms.spread * random.normal())
    let demand = Int64(min(drawn, Double(highestGasPrice)))
    switch terms.market {
    case .firstPrice: clearing = demand
    case .baseFee:
      // Blocks are full while more is offered than the fee, and empty while less is.
      let used: Int64 = demand > baseFee ? 30_000_000 : demand == baseFee ? 15_000_000 : 0
      baseFee = nextBaseFee(after: baseFee, gasUsed: used, target: 15_000_000)
      clearing = baseFee
    }
    let isIn = { (one: PendingTransaction) -> Bool in
      guard let arrival = one.arrival else { return false }
      return arrival <= Double(second) && one.price >= clearing
    }
    let included = pending.filter(isIn).sorted {
      $0.price != $1.price ? $0.price > $1.price : $0.sender < $1.sender
    }
    pending.removeAll(where: isIn)
    return included
  }
}
