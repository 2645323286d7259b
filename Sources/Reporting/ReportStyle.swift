// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The look of a report.
///
/// The ten line colors keep apart for color-blind eyes (after Okabe and
/// Ito, 2008) and have as much contrast on the dark ground as on the light one.
enum ReportStyle {
  static let sheet = light + dark + page + tables + figures + stories + small

  private static let light = """
    :root {
      color-scheme: light dark;
      --ground: #fbfaf7; --card: #ffffff; --rule: #dcd8cf; --ink: #1d2329; --soft: #5d666f;
      --accent: #0a5c8a; --mark: #fff3d1; --notice: #fbe9dd; --notice-ink: #7a3300;
      --c0: #0072b2; --c1: #c98500; --c2: #00825f; --c3: #b0568b; --c4: #3d9fd3;
      --c5: #c94f00; --c6: #77621a; --c7: #6f50a8; --c8: #7b8794; --c9: #a33a3a;
      --c10: #4b7f52;
      --band: #e8b04a40; --cross: #c2185b; --empty: #f1efe9;
      --h1: #dfe9ef; --h2: #bcd4e2; --h3: #94bdd3; --h4: #6aa3c2; --h5: #4387ae;
      --h6: #266a95; --h7: #134d75; --h8: #072f4d;
    }

    """

  private static let dark = """
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --ground: #14181c; --card: #1b2026; --rule: #363e47; --ink: #e8e6e1; --soft: #a3acb5;
        --accent: #7cc0ea; --mark: #3d3416; --notice: #3f281a; --notice-ink: #ffc9a3;
        --c0: #56a8e0; --c1: #eab040; --c2: #3fbf97; --c3: #dc92bd; --c4: #8fd0f5;
        --c5: #f08a4b; --c6: #c9b458; --c7: #ab90e0; --c8: #98a3ae; --c9: #e07a7a;
        --c10: #8fbf8f;
        --band: #d89a2a33; --cross: #ff6f9f; --empty: #20262d;
        --h1: #22333f; --h2: #274657; --h3: #2c5c74; --h4: #357593; --h5: #4a90b0;
        --h6: #6eaeca; --h7: #9dcce0; --h8: #d9eef6;
      }
    }

    """

  private static let page = """
    * { box-sizing: border-box; }
    html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--ground); color: var(--ink);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
    }
    header, main, footer { max-width: 1160px; margin: 0 auto; padding: 0 24px; }
    header { padding-top: 36px; }
    .brand {
      display: flex; align-items: center; gap: 10px; margin: 0; color: var(--accent);
      font-weight: 600; letter-spacing: .02em;
    }
    .brand span { color: var(--soft); font-weight: 400; }
    .brand svg { width: 32px; fill: none; stroke: currentColor; stroke-width: 2.5; }
    h1 { margin: 6px 0 16px; font-size: clamp(1.7rem, 4vw, 2.5rem); line-height: 1.15; }
    h2 { margin: 0 0 18px; font-size: 1.45rem; line-height: 1.25; }
    h3 { margin: 0; font-size: 1rem; line-height: 1.35; }
    section { padding: 34px 0 6px; border-top: 1px solid var(--rule); margin-top: 34px; }
    p { max-width: 76ch; }
    a { color: var(--accent); }
    code { font: .88em/1.4 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    small { color: var(--soft); font-size: .85em; }
    .badge {
      max-width: none; margin: 0 0 18px; padding: 10px 16px; background: var(--card);
      border: 1px solid var(--rule); border-left: 4px solid var(--accent); border-radius: 6px;
    }
    .badge.reconstruction {
      background: var(--notice); color: var(--notice-ink); border-color: var(--notice-ink);
    }
    .origin { margin: 0 0 18px; }
    .origin div { display: grid; grid-template-columns: 110px 1fr; gap: 12px; padding: 3px 0; }
    .origin dt { color: var(--soft); }
    .origin dd { margin: 0; max-width: 90ch; overflow-wrap: anywhere; }
    .lead { margin: 0 0 4px; }
    .runs { margin: 0 0 18px; padding: 0; list-style: none; }
    .runs li { padding: 2px 0 2px 12px; border-left: 4px solid var(--c); margin: 4px 0; }
    nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; }
    nav li { list-style: none; }
    nav a { text-decoration: none; }
    nav a:hover, nav a:focus { text-decoration: underline; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    footer { padding-top: 20px; padding-bottom: 48px; color: var(--soft); font-size: .88rem; }
    .tiles {
      display: grid; gap: 12px; margin-bottom: 26px;
      grid-template-columns: repeat(auto-fill, minmax(min(240px, 46%), 1fr));
    }
    .tile {
      margin: 0; padding: 14px 18px; background: var(--card); border: 1px solid var(--rule);
      border-radius: 8px;
    }
    .tile dt { color: var(--soft); font-size: .88rem; }
    .tile dd {
      margin: 2px 0 0; font-size: 1.6rem; font-weight: 600; line-height: 1.3;
      font-variant-numeric: tabular-nums;
    }
    .tile dd[style] { margin-top: 6px; padding-left: 10px; border-left: 3px solid var(--c); }
    .tile dd[style] { font-size: 1.2rem; }
    .tile small, .tile .run {
      display: block; font-size: .85rem; font-weight: 400; line-height: 1.4; color: var(--soft);
    }
    .tile .run { font-size: .78rem; overflow-wrap: anywhere; }

    """

  private static let tables = """
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; margin: 0 0 22px; font-size: .9rem; min-width: 40%; }
    caption { padding: 0 0 6px; text-align: left; font-weight: 600; }
    th, td {
      padding: 5px 14px 5px 0; border-bottom: 1px solid var(--rule); text-align: left;
      vertical-align: top; font-weight: 400;
    }
    th:last-child, td:last-child { padding-right: 4px; }
    thead th { color: var(--soft); font-size: .85rem; vertical-align: bottom; }
    tfoot th, tfoot td { border-bottom: 0; font-weight: 600; }
    .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
    .short { white-space: nowrap; }
    thead .number { white-space: normal; }
    td.code { font: .85rem/1.6 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    td.code { overflow-wrap: anywhere; }
    th small { display: block; max-width: 46ch; }
    th code { overflow-wrap: anywhere; }
    tr.marked > * { background: var(--mark); }
    tr.marked > :first-child { box-shadow: inset 3px 0 var(--c1); padding-left: 8px; }
    .none { color: var(--soft); }
    .hash { overflow-wrap: anywhere; }
    .faults { font-size: .9rem; overflow-wrap: anywhere; }
    details { margin: 0 0 14px; }
    summary { cursor: pointer; padding: 6px 0; color: var(--accent); }
    details[open] > summary { margin-bottom: 8px; }

    """

  private static let figures = """
    .figures { display: grid; gap: 18px; grid-template-columns: 1fr 1fr; margin-bottom: 24px; }
    figure {
      margin: 0; padding: 16px 18px 12px; min-width: 0; background: var(--card);
      border: 1px solid var(--rule); border-radius: 8px; break-inside: avoid;
    }
    figure.wide { grid-column: 1 / -1; }
    figure .title {
      display: flex; flex-wrap: wrap; justify-content: space-between; gap: 6px 16px;
      margin-bottom: 8px;
    }
    figcaption { color: var(--soft); font-size: .88rem; max-width: 100ch; margin-top: 6px; }
    .scales { display: flex; }
    .scales[hidden] { display: none; }
    .scales button {
      font: inherit; font-size: .82rem; padding: 1px 10px; color: var(--ink); cursor: pointer;
      background: none; border: 1px solid var(--rule);
    }
    .scales button:first-child { border-radius: 5px 0 0 5px; }
    .scales button:last-child { border-radius: 0 5px 5px 0; border-left: 0; }
    .scales button[aria-pressed=true] { background: var(--accent); color: var(--card); }
    .drawing svg { display: block; width: 100%; height: auto; }
    .drawing .tick { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
    .drawing .end { text-anchor: end; }
    .drawing .middle { text-anchor: middle; }
    .drawing .grid { stroke: var(--rule); stroke-width: 1; fill: none; }
    .drawing .line { fill: none; stroke: var(--c); stroke-width: 1.5; stroke-linejoin: round; }
    .drawing .line.thin { stroke-width: 1.1; opacity: .85; }
    .drawing .line.thick { stroke-width: 2; }
    .drawing .line.dashed { stroke-dasharray: 5 3; }
    .drawing .line.block { stroke-width: 9; }
    .drawing .marks { fill: none; stroke: var(--cross); stroke-width: 1.3; }
    .drawing .band { fill: var(--band); }
    .drawing .bar, .drawing .cell { fill: var(--c); }
    .drawing .empty { fill: var(--empty); }
    .drawing .limit { stroke: var(--c5); stroke-width: 1.6; fill: none; stroke-dasharray: 6 3; }
    .drawing .legend {
      display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0 0; padding: 0;
      font-size: .82rem; color: var(--soft);
    }
    .drawing .legend li { display: flex; align-items: center; gap: 6px; }
    .drawing .key { width: 22px; flex: none; }
    .plot { width: 100%; }

    """

  private static let stories = """
    .stories { border-top: 1px solid var(--rule); margin: 8px 0 24px; }
    .story { margin: 0; border-bottom: 1px solid var(--rule); }
    .story > summary { padding: 10px 0; color: var(--ink); }
    .story[open] { padding-bottom: 8px; }
    .rank { display: inline-block; min-width: 1.6em; color: var(--soft); }
    .facts { color: var(--soft); }
    .facts data { color: var(--ink); }
    .pair { display: flex; flex-wrap: wrap; gap: 0 48px; }
    .pair > * { flex: 1 1 380px; min-width: 0; }
    .pair table { width: 100%; }

    """

  private static let small = """
    @media screen and (max-width: 760px) {
      header, main, footer { padding-left: 16px; padding-right: 16px; }
      .figures { grid-template-columns: minmax(0, 1fr); }
      .origin div { grid-template-columns: 1fr; gap: 0; padding: 5px 0; }
      figure { padding: 12px 12px 10px; }
      .drawing .scroll svg { min-width: 528px; }
      .wide .drawing .scroll svg, .story .drawing .scroll svg { min-width: 900px; }
      .text { min-width: 9em; }
      .tile { padding: 10px 12px; }
      .tile dd { font-size: 1.35rem; }
      .pair > * { flex-basis: 100%; }
    }
    @media print {
      :root { color-scheme: light; --ground: #fff; --card: #fff; }
      body { font-size: 10pt; }
      nav, .scales, .plot { display: none !important; }
      .drawing[hidden] { display: block !important; }
      h2, h3, caption { break-after: avoid; }
      tr { break-inside: avoid; }
      .scroll { overflow: visible; }
    }

    """
}
