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

  /// Whether trigger intervals bound every charge: besides, no settlement asset comes off its peg
  /// inside the boxes.
  func hasOnlyBoundedTerms(_ boxes: [UnderlyingBox?]) -> Bool {
    hasOnlySweptTerms && !hasUnboundedTerms && marked.collateral.isEmpty
      && layout.listing.collateral.indices.allSatisfy { asset in
        let peg = parameters.terms.peg[layout.listing.collateral[asset].asset.symbol]
        let slot = layout.collateralUnderlyings[asset]
        guard slot >= 0, peg.threshold > .zero, peg.factor > .zero else { return true }
        guard let box = boxes[slot] else { return false }
        return box.reference.value * box.index.low > peg.threshold.value
      }
  }
}
