// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Parameters
import Quantities

// What is remembered of losses, claims and the fund.
extension LedgerState {
  mutating func applyLosses(_ event: LedgerEvent) {
    let instant = time
    if case .inUniverse(let universe, let fact) = event {
      changeBook(of: universe) { $0.apply(fact, at: instant) }
    } else {
      losses.apply(event, at: instant)
    }
  }

  /// Follows a transfer that was applied.
  mutating func followLosses(_ transfer: Transfer, asset: Int) {
    guard !losses.isEmpty else { return }
    guard let universe = transfer.from.fundUniverse ?? transfer.to.fundUniverse else { return }
    let balance = fund(asset, of: universe)
    changeBook(of: universe) { book in
      if transfer.reason == .lossRecovery, case .account(let id) = transfer.to {
        book.repay(transfer.amount.units, of: transfer.amount.asset, to: id)
      }
      book.follow(transfer, balance: balance)
    }
  }

  private mutating func changeBook(of universe: RiskUniverse, _ change: (inout LossBook) -> Void) {
    guard universe != .common else { return change(&losses) }
    let place = losses.universePlace(universe, assets: houses.count)
    change(&losses.universes[place].losses)
  }
}

extension LossBook {
  fileprivate mutating func apply(_ event: LedgerEvent, at instant: Timestamp) {
    switch event {
    case .claimsGranted(let claims): grant(claims)
    case .fundWindowOpened(let asset, let opening):
      changeFund(asset) { standing in
        standing.windowStart = instant
        standing.opening = opening
        standing.drawn = 0
      }
    case .fundDrawdownChanged(let asset, let percent, let peak):
      changeFund(asset) { standing in
        standing.peak = peak
        standing.drawdown = percent
      }
    case .fundReviewed(let review): self.review = review
    default: break
    }
  }
}

// MARK: Universes

extension LedgerState {
  /// The universe of an instrument, by dense index.
  @inlinable
  public func universe(ofInstrument instrument: Int) -> RiskUniverse {
    universes.isEmpty ? .common : universes[instrument]
  }

  /// What the fund of a universe holds of an asset, ledger units.
  public func fund(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    guard universe != .common else { return houses[asset].insuranceFund }
    return losses.universes.first { $0.universe == universe }?.balances[asset] ?? 0
  }

  /// What is remembered of the losses in a universe.
  public func losses(of universe: RiskUniverse) -> LossBook {
    guard universe != .common else { return losses }
    return losses.universes.first { $0.universe == universe }?.losses ?? LossBook()
  }

  /// How large the fund of a universe should be, as it was last found.
  public func fundReview(of universe: RiskUniverse) -> FundReview? {
    guard universe != .common else { return losses.review }
    return losses.universes.first { $0.universe == universe }?.losses.review
  }

  mutating func creditFund(of universe: RiskUniverse, _ units: Int64, asset: Int) {
    let place = losses.universePlace(universe, assets: houses.count)
    let before = losses.universes[place].balances[asset]
    let after = sum(before, units)
    losses.universes[place].balances[asset] = after
    houses[asset].universeFunds += Int128(after) - Int128(before)
  }

  /// Puts parameters into force; who holds a position is from now on where they put it.
  mutating func change(to set: ParameterSet) {
    parameters = set
    let wereApart = !universes.isEmpty
    findUniverses()
    guard wereApart || !universes.isEmpty else { return }
    for index in accounts.indices {
      let held = accounts[index].portfolio.positions.first.flatMap {
        listing.index(of: $0.instrument)
      }
      let kept = universes.isEmpty ? .common : accounts[index].universe
      accounts[index].universe = held.map { universe(ofInstrument: $0) } ?? kept
    }
  }

  /// Finds anew in which universe each instrument is.
  mutating func findUniverses() {
    universes = []
    guard RiskUniverse.isAnyStated(in: parameters) else { return }
    let found = listing.contracts.map { RiskUniverse(of: $0.underlying, in: parameters) }
    if found.contains(where: { $0 != .common }) { universes = found }
  }

  /// Finds in which universe the contract is that was listed last.
  mutating func findUniverse(of contract: Contract) {
    let found = RiskUniverse(of: contract.underlying, in: parameters)
    guard found != .common || !universes.isEmpty else { return }
    // The first that is set apart: all before it are in the common one.
    while universes.count + 1 < listing.contracts.count { universes.append(.common) }
    universes.append(found)
  }

  /// Whether every account with a position stands where it is, and every fund has its assets.
  var universesAreTrue: Bool {
    losses.universes.allSatisfy { $0.balances.count == houses.count }
      && accounts.allSatisfy { account in
        let held = account.portfolio.positions.first.flatMap { listing.index(of: $0.instrument) }
        return held.map { universe(ofInstrument: $0) == account.universe }
          ?? (account.universe == .common || !universes.isEmpty)
      }
  }
}
