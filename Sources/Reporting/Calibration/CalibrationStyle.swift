// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What smiles and surfaces add to the look of a report.
enum CalibrationStyle {
  static let sheet = """
    .drawing .start { text-anchor: start; }
    .drawing .spread { fill: none; stroke: var(--c); stroke-width: 1.4; opacity: .55; }
    .drawing .dots { fill: none; stroke: var(--c); stroke-width: 4.6; stroke-linecap: round; }
    .drawing .refused { fill: none; stroke: var(--c8); stroke-width: 1.1; }
    .drawing .facet {
      fill: var(--c); stroke: var(--card); stroke-width: .35; stroke-linejoin: round;
    }
    section > .drawing .legend { margin: -10px 0 12px; }

    """
}
