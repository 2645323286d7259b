// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The scripts of a report.
///
/// Without them everything is there, as drawings and tables.
enum ReportScript {
  /// On paper nothing stays folded.
  static let printing = """
    addEventListener('beforeprint', () => {
      for (const part of document.querySelectorAll('details')) part.open = true;
    });

    """

  /// Draws each of so named a map when it comes near the window, anew in other colors, and ends the
  /// script.
  static func watching(_ map: String) -> String {
    """
    const watcher = new IntersectionObserver(entries => {
      for (const {target, isIntersecting} of entries) {
        if (!isIntersecting || drawn.has(target.id)) continue;
        watcher.unobserve(target);
        draw(target.id);
      }
    }, {rootMargin: '400px'});
    for (const id of \(map).keys()) watcher.observe(document.getElementById(id));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const id of drawn.keys()) render(id);
    });
    })();

    """
  }

  /// Replaces each drawing by an interactive chart when it comes near the window.
  static let charts = reading + drawing + layouts + control

  private static let reading = """
    (() => {
    'use strict';
    if (typeof Plotly === 'undefined') return;
    const content = JSON.parse(document.getElementById('charts').textContent);
    const days = list => list.map(seconds => new Date(seconds * 1000).toISOString());
    const axes = content.axes.map(days);
    const drawn = new Map();
    const whole = [axes[0][0], axes[0][axes[0].length - 1]];
    let span = whole;
    const color = name =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const isNarrow = () => innerWidth < 760;
    const canHover = matchMedia('(hover: hover)').matches;
    const widths = {thin: 1.2, normal: 1.7, thick: 2.1, dashed: 1.5};

    """

  private static let drawing = """
    function lines(chart) {
      const traces = chart.traces.map(trace => ({
        type: 'scatter', mode: 'lines', name: trace.name, x: axes[trace.axis], y: trace.y,
        line: {color: color(trace.color), width: widths[trace.weight],
          dash: trace.weight === 'dashed' ? 'dash' : 'solid'},
        opacity: trace.weight === 'thin' ? .85 : 1,
      }));
      if (chart.marks) traces.push({
        type: 'scatter', mode: 'markers', name: chart.marks.name, x: days(chart.marks.x),
        y: chart.marks.y, text: chart.marks.text,
        hovertemplate: '%{text} (%{y})<extra></extra>',
        marker: {symbol: 'x-thin', size: 6, line: {color: color('--cross'), width: 1.3}},
      });
      if (chart.bands) traces.push({
        type: 'scatter', mode: 'markers', name: chart.bandsName, x: [axes[0][0]], y: [null],
        marker: {symbol: 'square', size: 11, color: color('--band')}, hoverinfo: 'skip',
      });
      return traces;
    }
    function bars(chart) {
      const middle = chart.x.map(start => start + chart.interval / 2);
      return chart.traces.map(trace => ({
        type: 'bar', name: trace.name, x: days(middle), y: trace.y,
        width: chart.interval * 860, marker: {color: color(trace.color), line: {width: 0}},
      }));
    }
    function heatMap(chart) {
      const shade = count => chart.thresholds.filter(lowest => lowest <= count).length;
      const top = chart.thresholds.length;
      const scale = [];
      for (let step = 0; step <= top; step++) {
        const paint = color(step ? '--h' + step : '--empty');
        scale.push([step / (top + 1), paint], [(step + 1) / (top + 1), paint]);
      }
      const labels = ['0', ...chart.thresholds.map(count => count.toLocaleString('en'))];
      labels[top] = '≥ ' + labels[top];
      return [{
        type: 'heatmap', x: days(chart.x), y: chart.classes, z: chart.counts.map(
          row => row.map(shade)), customdata: chart.counts, colorscale: scale,
        zmin: -.5, zmax: top + .5, zsmooth: false,
        hovertemplate: '%{x|%d %b %H:%M}, ratio %{y}: %{customdata:,} accounts<extra></extra>',
        colorbar: {thickness: 12, outlinewidth: 0, tickvals: labels.map((_, step) => step),
          ticktext: labels, title: {text: 'accounts', side: 'right'}},
      }];
    }
    const makers = {lines, bars, heatMap};

    """

  private static let layouts = """
    function shapes(chart) {
      const bands = (chart.bands || []).map(band => {
        const [x0, x1] = days(band);
        return {type: 'rect', xref: 'x', yref: 'paper', x0, x1, y0: 0, y1: 1,
          fillcolor: color('--band'), line: {width: 0}, layer: 'below'};
      });
      if (chart.kind === 'heatMap') bands.push({
        type: 'line', xref: 'paper', yref: 'y', x0: 0, x1: 1, y0: chart.boundary - .5,
        y1: chart.boundary - .5, line: {color: color('--c5'), width: 1.6, dash: 'dash'},
      });
      return bands;
    }
    function valueAxis(chart, scale) {
      const unit = chart.unit || {};
      const axis = {
        gridcolor: color('--rule'), zerolinecolor: color('--rule'), type: scale,
        tickprefix: unit.prefix || '', ticksuffix: unit.suffix || '', hoverformat: unit.hover,
        exponentformat: 'B', automargin: true, ticks: 'outside', ticklen: 4,
        tickcolor: color('--rule'),
      };
      if (unit.format) axis.tickformat = unit.format;
      if (chart.kind === 'heatMap') return {...axis, type: 'category'};
      if (chart.kind === 'bars') return {...axis,
        range: [chart.bottom * 1.05, chart.top * 1.05 || (chart.bottom ? 0 : 1)]};
      if (!chart.range) return {...axis, rangemode: 'tozero'};
      const pad = (chart.range[1] - chart.range[0]) * .03;
      const ends = [Math.max(chart.range[0] - pad, chart.range[0] / 2), chart.range[1] + pad];
      return {...axis, range: scale === 'log' ? ends.map(Math.log10) : ends};
    }
    function layout(chart, scale, isWide) {
      const wordy = chart.kind !== 'heatMap' && chart.traces.length > 1;
      return {
        height: isWide && chart.kind === 'lines' && chart.range ? (isNarrow() ? 520 : 470) : 340,
        autosize: true, dragmode: canHover && 'zoom',
        paper_bgcolor: 'transparent', plot_bgcolor: 'transparent', barmode: 'relative',
        font: {family: getComputedStyle(document.body).fontFamily, size: 12,
          color: color('--soft')},
        margin: {l: 56, r: chart.kind === 'heatMap' ? 8 : 14, t: 8, b: 48},
        hovermode: chart.kind === 'heatMap' ? 'closest' : 'x unified',
        hoverlabel: {bgcolor: color('--card'), bordercolor: color('--rule'), namelength: -1,
          font: {color: color('--ink'), size: 12}},
        showlegend: wordy, legend: {orientation: 'h', y: -.16, yanchor: 'top', x: 0,
          traceorder: 'normal',
          ...(isNarrow() ? {entrywidthmode: 'fraction', entrywidth: .46} : {})},
        modebar: {bgcolor: 'transparent', color: color('--soft'), activecolor: color('--accent')},
        xaxis: {type: 'date', gridcolor: color('--rule'), linecolor: color('--rule'),
          range: span.slice(), ticks: 'outside', ticklen: 5,
          tickcolor: color('--rule'), tickformatstops: [
            {dtickrange: [null, 60000], value: '%H:%M:%S'},
            {dtickrange: [60000, 86400000], value: '%H:%M\\n%-d %b'},
            {dtickrange: [86400000, null], value: '%-d %b'}]},
        yaxis: valueAxis(chart, scale), shapes: shapes(chart),
      };
    }

    """

  private static let control = """
    const settings = {responsive: true, displaylogo: false,
      displayModeBar: canHover && 'hover',
      modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']};
    function draw(chart) {
      const figure = document.getElementById(chart.id);
      const entry = {chart, figure, scale: 'linear', plot: document.createElement('div')};
      entry.plot.className = 'plot';
      drawn.set(chart.id, entry);
      figure.querySelector('.drawing').after(entry.plot);
      render(entry);
      const scales = figure.querySelector('.scales');
      if (scales) scales.hidden = false;
      for (const button of scales ? scales.querySelectorAll('button') : [])
        button.addEventListener('click', () => choose(entry, scales, button.dataset.scale));
    }
    // Anew each time: a double click goes back to the first range, which has the axis's scale.
    function render({chart, figure, scale, plot}) {
      const isWide = figure.classList.contains('wide');
      const traces = makers[chart.kind](chart);
      Plotly.purge(plot);
      Plotly.newPlot(plot, traces, layout(chart, scale, isWide), settings).then(() => {
        figure.querySelector('.drawing').hidden = true;
        plot.on('plotly_relayout', change => follow(plot, change));
      });
    }
    function choose(entry, scales, scale) {
      entry.scale = scale;
      for (const button of scales.querySelectorAll('button'))
        button.setAttribute('aria-pressed', button.dataset.scale === scale);
      render(entry);
    }
    let isFollowing = false;
    function follow(source, change) {
      if (isFollowing || !Object.keys(change).some(key => key.startsWith('xaxis.'))) return;
      span = source.layout.xaxis.range.slice();
      isFollowing = true;
      const others = [...drawn.values()].filter(entry => entry.plot !== source);
      Promise.all(others.map(entry => Plotly.relayout(entry.plot, {'xaxis.range': span.slice()})))
        .finally(() => { isFollowing = false; });
    }
    const waiting = new Map(content.charts.map(chart => [chart.id, chart]));
    const watcher = new IntersectionObserver(entries => {
      for (const {target, isIntersecting} of entries) {
        if (!isIntersecting || !waiting.has(target.id)) continue;
        draw(waiting.get(target.id));
        waiting.delete(target.id);
        watcher.unobserve(target);
      }
    }, {rootMargin: '400px'});
    for (const id of waiting.keys()) watcher.observe(document.getElementById(id));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const entry of drawn.values()) render(entry);
    });
    })();

    """
}
