// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

// Collateral for sale.
extension LedgerState {
  mutating func applyConversion(_ event: LedgerEvent) {
    switch event {
    case .collateralOffered(let sale):
      guard let index = index(of: sale.account) else { return }
      accounts[index].liquidation?.sale = sale
      nextOrder = OrderID(max(nextOrder.number, sale.id.number + 1))
    case .collateralPriced(let id, let elapsed, let price):
      let instant = time
      changeSale(of: id) {
        $0.elapsed = elapsed
        $0.price = price
        $0.pricedAt = instant
      }
    case .collateralSold(let fill): changeSale(of: fill.account) { $0.left -= fill.units }
    case .collateralSaleClosed(let id, _, _):
      guard let index = index(of: id) else { return }
      accounts[index].liquidation?.sale = nil
    default: break
    }
  }

  private mutating func changeSale(
    of id: AccountID, _ change: (inout CollateralSale) -> Void
  ) {
    guard let index = index(of: id), var sale = accounts[index].collateralSale else { return }
    change(&sale)
    accounts[index].liquidation?.sale = sale
  }
}
