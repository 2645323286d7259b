// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Quantities

// What the fast path knows of the charges beyond scenarios, provisions and haircuts.
extension RequirementEngine {
  /// Whether the sweep knows every charge of a portfolio account: what nets, nets with all.
  var hasOnlySweptTerms: Bool {
    collateral.isPlain
      && (!netting.isActive || netting.groups.allSatisfy { $0 == netting.groups.first })
  }

  /// Whether the sweep needs what an account's underlyings lose together, or their deltas.
  var hasFurtherTerms: Bool { netting.isActive || hasDeltaTerms }

  /// Whether trigger intervals bound every charge: besides, nothing follows volumes or pegs, and
  /// scenarios move spot and volatility alone.
  var hasOnlyBoundedTerms: Bool {
    hasOnlySweptTerms && !hasFurtherTerms && !usesLiquidity && marked.collateral.isEmpty
      && layout.listing.collateral.allSatisfy { collateral in
        let peg = parameters.terms.peg[collateral.asset.symbol]
        return peg.threshold == .zero || peg.factor == .zero
      }
      && table.plans.allSatisfy(\.isOfSpotAndState) && !hasUnboundedTerms
  }
}
