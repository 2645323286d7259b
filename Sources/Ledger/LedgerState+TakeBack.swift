// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension LedgerState {
  /// Everything but the accounts: what a step that may be taken back keeps of the state before.
  ///
  /// The accounts are left out because a second hold on them would have all of them copied at the
  /// first change of one.
  public var withoutAccounts: LedgerState {
    var rest = self
    rest.accounts = []
    return rest
  }

  /// Takes back what has happened since `rest` was kept.
  ///
  /// - Parameters:
  ///   - rest: The earlier state ``withoutAccounts``; no account has been opened since.
  ///   - every: All accounts at one moment in between; `nil` for as they are now.
  ///   - earlier: The accounts that had changed by that moment, as they were before.
  public mutating func takeBack(
    to rest: LedgerState, every: [Account]?, earlier: [EarlierAccount]
  ) {
    var accounts: [Account] = []
    swap(&accounts, &self.accounts)
    if let every { accounts = every }
    for before in earlier { accounts[before.index] = before.account }
    self = rest
    self.accounts = accounts
  }
}
