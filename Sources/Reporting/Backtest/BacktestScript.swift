// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The script of a backtest's page.
///
/// Without it everything is there, as drawings and tables.
enum BacktestScript {
  /// Replaces each drawing by an interactive chart when it comes near the window.
  static let charts = reading + lines + counts + control

  private static let reading = """
    (() => {
    'use strict';
    if (typeof Plotly === 'undefined') return;
    const content = JSON.parse(document.getElementById('charts').textContent);
    const days = content.days.map(seconds => new Date(seconds * 1000).toISOString().slice(0, 10));
    const color = name =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const canHover = matchMedia('(hover: hover)').matches;
    const isNarrow = () => innerWidth < 760;
    const room = traces => isNarrow() ? 12 * traces.length : 0;
    const axis = () => ({gridcolor: color('--rule'), zeroline: false, automargin: true,
      ticks: 'outside', ticklen: 4, tickcolor: color('--rule')});
    const common = () => ({
      autosize: true, paper_bgcolor: 'transparent', plot_bgcolor: 'transparent',
      font: {family: getComputedStyle(document.body).fontFamily, size: 12,
        color: color('--soft')},
      hoverlabel: {bgcolor: color('--card'), bordercolor: color('--rule'), namelength: -1,
        font: {color: color('--ink'), size: 12}},
      modebar: {bgcolor: 'transparent', color: color('--soft'), activecolor: color('--accent')},
      margin: {l: 56, r: 14, t: 8, b: 40}, dragmode: canHover && 'zoom',
      legend: {orientation: 'h', y: -.12, yanchor: 'top', x: 0, traceorder: 'normal',
        ...(isNarrow() ? {entrywidthmode: 'fraction', entrywidth: .98} : {})},
    });

    """

  private static let lines = """
    function band(chart) {
      const edge = (name, y, fill) => ({type: 'scatter', mode: 'lines', name, x: days, y,
        line: {width: 0}, showlegend: Boolean(fill), hoverinfo: 'skip',
        ...(fill ? {fill: 'tonexty', fillcolor: color('--band')} : {})});
      const traces = [
        edge('lower', chart.lower), edge('band of the day', chart.upper, true),
        {type: 'scatter', mode: 'lines', name: 'close', x: days, y: chart.close,
          line: {color: color('--c0'), width: 1.3},
          customdata: chart.lower.map((low, i) => [low, chart.upper[i]]),
          hovertemplate: '%{x}: %{y:,.6~g}<br>band %{customdata[0]:,.6~g} to '
            + '%{customdata[1]:,.6~g}<extra></extra>'},
        {type: 'scatter', mode: 'markers', name: 'close outside',
          x: chart.marks.map(day => days[day]), y: chart.marks.map(day => chart.close[day]),
          hovertemplate: '%{x}: %{y:,.6~g}, outside<extra></extra>',
          marker: {symbol: 'x-thin', size: 7, line: {color: color('--cross'), width: 1.5}}},
      ];
      return [traces, {...common(), height: 440, hovermode: 'closest',
        xaxis: {...axis(), type: 'date', showgrid: false},
        yaxis: {...axis(), type: 'log', dtick: 'D2', exponentformat: 'none',
          separatethousands: true, tickformat: ',~g'}}];
    }
    function requirements(chart) {
      const traces = chart.traces.map(trace => ({type: 'scatter', mode: 'lines',
        name: trace.name, x: days, y: trace.y, hovertemplate: '%{y:.2%}',
        visible: trace.isProminent ? true : 'legendonly',
        line: {color: color(trace.color), width: 1.5}}));
      return [traces, {...common(), height: 460 + room(chart.traces), hovermode: 'x unified',
        xaxis: {...axis(), type: 'date', showgrid: false},
        yaxis: {...axis(), type: 'log', dtick: 'D2', tickformat: '.0~%'}}];
    }

    """

  private static let counts = """
    function years(chart) {
      const traces = chart.traces.map(trace => ({type: 'bar', name: trace.name, x: chart.years,
        y: trace.y, marker: {color: color(trace.color), line: {width: 0}},
        hovertemplate: '%{y} in %{x}'}));
      const shapes = chart.years.map((year, i) => ({type: 'line', x0: year - .42, x1: year + .42,
        y0: chart.expected[i], y1: chart.expected[i],
        line: {color: color('--c5'), width: 1.6, dash: 'dash'}}));
      const most = Math.max(1, ...chart.expected, ...chart.traces.flatMap(trace => trace.y));
      return [traces, {...common(), height: 400 + room(chart.traces), shapes,
        barmode: 'group', bargap: .2, hovermode: 'closest',
        xaxis: {...axis(), showgrid: false, dtick: 1, tickformat: 'd'},
        yaxis: {...axis(), range: [0, most * 1.05], tickformat: 'd', nticks: 7}}];
    }
    function movement(chart) {
      const traces = chart.traces.map(({name, color: paint, y}) => ({type: 'scatter',
        mode: 'markers', name, x: [y[0]], y: [y[1]], marker: {color: color(paint), size: 11},
        hovertemplate: 'mean %{x:.2%}, peak to trough %{y:.2f}'}));
      return [traces, {...common(), height: 400 + room(chart.traces), hovermode: 'closest',
        margin: {l: 56, r: 14, t: 8, b: 48},
        legend: {...common().legend, y: -.2},
        xaxis: {...axis(), tickformat: '.1~%', title: {text: 'mean requirement', standoff: 4}},
        yaxis: {...axis(), rangemode: 'tozero',
          title: {text: 'peak to trough', standoff: 4}}}];
    }

    """

  private static let control = """
    const makers = {band, requirements, years, movement};
    const charts = new Map(content.charts.map(chart => [chart.id, chart]));
    const settings = {responsive: true, displaylogo: false, displayModeBar: canHover && 'hover',
      modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']};
    const drawn = new Map();
    function draw(id) {
      const drawing = document.getElementById(id).querySelector('.drawing');
      const plot = document.createElement('div');
      plot.className = 'plot';
      drawing.after(plot);
      drawn.set(id, plot);
      render(id).then(() => { drawing.hidden = true; });
    }
    function render(id) {
      const chart = charts.get(id);
      const [traces, layout] = makers[chart.kind](chart);
      return Plotly.react(drawn.get(id), traces, layout, settings);
    }

    """ + ReportScript.watching("charts")
}
