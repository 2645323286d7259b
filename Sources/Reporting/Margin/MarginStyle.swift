// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What an explanation of margin adds to the look of a report: shades of loss, bars of charges.
enum MarginStyle {
  static let sheet = """
    :root {
      --l1: #fbe3d3; --l2: #f5c3a5; --l3: #eb9d75; --l4: #dd7449; --l5: #c34d27; --l6: #932f15;
      --deep: #ffffff; --waterline: #1d2329;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --l1: #3d2a22; --l2: #59372a; --l3: #7d4731; --l4: #a75c3a; --l5: #d07a4e; --l6: #f2a67c;
        --deep: #14181c; --waterline: #ffffff;
      }
    }
    .drawing .strong { font-weight: 600; fill: var(--ink); }
    .drawing .amount { paint-order: stroke; stroke: var(--card); stroke-width: 5px; }
    .drawing .deep { fill: var(--deep); }
    .drawing .small { font-size: 10px; }
    .drawing .charge { fill: var(--h6); }
    .drawing .charge.whole { fill: var(--h3); }
    .drawing .charge.relief { fill: none; stroke: var(--c2); stroke-dasharray: 4 2; }
    .drawing .binding { fill: none; stroke: var(--ink); stroke-width: 2.4; }
    .drawing .binding.second { stroke-width: 1.6; stroke-dasharray: 5 3; }
    .drawing .waterline { stroke: var(--waterline); stroke-width: 2.2; }
    .drawing .present {
      fill: var(--card); fill-opacity: .8; stroke: var(--ink); stroke-width: 1.8;
    }
    .account > h2 small { font-weight: 400; }
    .account .note { margin: -14px 0 22px; color: var(--soft); font-size: .85rem; }
    .account h3.part { margin: 26px 0 12px; font-size: 1.1rem; }
    .account .figures { grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); }

    """
}
