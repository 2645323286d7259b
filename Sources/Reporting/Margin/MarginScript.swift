// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The script of a margin page.
///
/// Without it everything is there, as drawings and tables.
enum MarginScript {
  /// Replaces each liquidation map by an interactive one when it comes near the window.
  static let charts = reading + map + control

  private static let reading = """
    (() => {
    'use strict';
    if (typeof Plotly === 'undefined') return;
    const content = JSON.parse(document.getElementById('charts').textContent);
    const color = name =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const canHover = matchMedia('(hover: hover)').matches;

    """

  private static let map = """
    function liquidation(chart) {
      const top = chart.colors.length;
      const scale = [];
      for (let step = 0; step < top; step++) {
        const paint = color(chart.colors[step]);
        scale.push([step / top, paint], [(step + 1) / top, paint]);
      }
      const traces = [{
        type: 'heatmap', x: chart.x, y: chart.y, z: chart.z, customdata: chart.ratios,
        colorscale: scale, zmin: -.5, zmax: top - .5, zsmooth: false, showscale: false,
        hovertemplate: 'price %{x:,.6~r}<br>volatility %{y:.1%}<br>ratio %{customdata}'
          + '<extra></extra>',
      }];
      for (const line of chart.lines) traces.push({
        type: 'scatter', mode: 'lines', x: line.x, y: line.y, hoverinfo: 'x+y',
        hovertemplate: 'liquidated at %{x:,.8~r}<br>volatility %{y:.1%}<extra></extra>',
        line: {color: color('--waterline'), width: 2.4},
      });
      traces.push({
        type: 'scatter', mode: 'markers', x: [chart.index], y: [chart.volatility],
        hovertemplate: 'now: %{x:,.6~r}, %{y:.1%}<extra></extra>',
        marker: {symbol: 'circle', size: 11, color: color('--card'),
          line: {color: color('--ink'), width: 2}},
      });
      const axis = {gridcolor: color('--rule'), zeroline: false, automargin: true,
        ticks: 'outside', ticklen: 4, tickcolor: color('--rule'), showgrid: false};
      const ends = list => [list[0], list[list.length - 1]];
      return [traces, {
        height: 320, autosize: true, paper_bgcolor: 'transparent', plot_bgcolor: 'transparent',
        font: {family: getComputedStyle(document.body).fontFamily, size: 12,
          color: color('--soft')},
        showlegend: false, margin: {l: 56, r: 12, t: 8, b: 48}, hovermode: 'closest',
        dragmode: canHover && 'zoom',
        hoverlabel: {bgcolor: color('--card'), bordercolor: color('--rule'), namelength: -1,
          font: {color: color('--ink'), size: 12}},
        modebar: {bgcolor: 'transparent', color: color('--soft'), activecolor: color('--accent')},
        xaxis: {...axis, range: ends(chart.x), title: {text: chart.title, standoff: 6}},
        yaxis: {...axis, range: ends(chart.y), tickformat: '.0%'}}];
    }

    """

  private static let control = """
    const makers = new Map();
    for (const chart of content.maps) makers.set(chart.id, () => liquidation(chart));
    const settings = {responsive: true, displaylogo: false, displayModeBar: canHover && 'hover',
      modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']};
    const drawn = new Map();
    function draw(id) {
      const drawing = document.getElementById(id).querySelector('.drawing');
      const plot = document.createElement('div');
      plot.className = 'plot';
      drawing.querySelector('.scroll').after(plot);
      drawn.set(id, plot);
      render(id).then(() => { drawing.querySelector('.scroll').hidden = true; });
    }
    function render(id) {
      const [traces, layout] = makers.get(id)();
      return Plotly.react(drawn.get(id), traces, layout, settings);
    }

    """ + ReportScript.watching("makers")
}
