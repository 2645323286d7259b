// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What a backtest adds to the look of a report.
enum BacktestStyle {
  static let sheet = """
    h1 { overflow-wrap: anywhere; }
    .drawing .dots { fill: none; stroke: var(--c); stroke-width: 10; stroke-linecap: round; }
    .drawing .line.faint { stroke-width: .9; opacity: .45; }
    .light { display: inline-flex; align-items: center; gap: 6px; }
    .light::before {
      content: ""; width: 10px; height: 10px; border-radius: 50%; background: var(--c);
    }
    .notes { color: var(--soft); font-size: .9rem; margin: 0 0 18px; padding-left: 1.2em; }
    .notes li { max-width: 100ch; margin: 3px 0; }
    .rule {
      display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 2px;
      background: var(--c);
    }

    """
}
