// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What the figures of a comparison mean, and what they leave out.
enum WaterfallNotes {
  /// What the figures of keepers mean, where there are any.
  static let keepers =
    "What keepers were paid is a part of the cost to traders (penalties, and in auctions "
    + "slippage), unless the fund paid it; they pay their gas out of it."

  static let all = [
    "Slippage: by how much liquidation orders were filled, and positions given to bidders and "
      + "pools, worse than the mark of their block, all together, also where the account had "
      + "nothing left and the fund paid for it.",
    "Penalties: what liquidated accounts paid, to the fund or to whoever took the position; fees: "
      + "what they paid the venue for those trades.",
    "Deleveraged profit: what accounts gave up whose positions were closed against a bankrupt "
      + "one, measured at the mark of that block; an hour later: the same against the mark sixty "
      + "minutes on. Negative where they did better than the mark.",
    "Shared loss: what winners, or both sides of a market, gave toward debts that the fund could "
      + "not pay.",
    "Cost to traders: slippage, penalties, fees, deleveraged profit and shared loss together.",
    "Fund and pools paid: what the insurance fund gave so that accounts owed nothing, what it gave "
      + "to bidders for positions that were worth nothing, and what backstop pools lost. It is "
      + "not part of the cost to traders, though a part of the slippage is paid with it.",
    "Solvent: after the last block nobody is owed anything, and nobody bore the loss of another "
      + "but by deleveraging. Owed at the end: the sum of what accounts still owe.",
    "Mean margin: initial margin of all traders ÷ open interest, mean over the blocks.",
  ]
}

/// What a comparison adds to the look of a report.
enum WaterfallStyle {
  static let sheet = """
    .verdict { margin: 0 0 20px; padding-left: 1.2em; }
    .wide-table table { font-size: .8rem; }
    .wide-table th, .wide-table td { padding-right: 10px; }
    .best { font-weight: 700; color: var(--accent); }
    .ending { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
    .ending::before {
      content: ""; width: 10px; height: 10px; border-radius: 50%; background: var(--c);
    }
    .rules dt { font-weight: 600; margin-top: 10px; }
    .rules dd { margin: 2px 0 0; max-width: 100ch; }
    .notes { color: var(--soft); font-size: .9rem; margin: 0 0 18px; padding-left: 1.2em; }
    .notes li { max-width: 100ch; margin: 3px 0; }

    """
}
