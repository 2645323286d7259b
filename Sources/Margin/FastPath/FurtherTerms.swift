// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Quantities

// Charges that only the engine itself knows: where one is active, the fast path asks it.
extension RequirementEngine {
  /// Whether the sweep knows every charge of a portfolio account: underlyings add up, and nothing
  /// depends on net deltas.
  var hasOnlySweptTerms: Bool { !netting.isActive && !hasDeltaTerms && collateral.isPlain }

  /// Whether trigger intervals bound every charge: besides, nothing follows volumes or pegs, and
  /// scenarios move spot and volatility alone.
  var hasOnlyBoundedTerms: Bool {
    hasOnlySweptTerms && !usesLiquidity && marked.collateral.isEmpty
      && layout.listing.collateral.allSatisfy { collateral in
        let peg = parameters.terms.peg[collateral.asset.symbol]
        return peg.threshold == .zero || peg.factor == .zero
      }
      && table.plans.allSatisfy(\.isOfSpotAndState) && !hasUnboundedTerms
  }
}
