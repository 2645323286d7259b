// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The script of a calibration's page.
///
/// Without it everything is there, as drawings and tables.
enum CalibrationScript {
  /// Replaces each drawing by an interactive chart when it comes near the window.
  static let charts = reading + smiles + surfaces + control

  private static let reading = """
    (() => {
    'use strict';
    if (typeof Plotly === 'undefined') return;
    const content = JSON.parse(document.getElementById('charts').textContent);
    const color = name =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const canHover = matchMedia('(hover: hover)').matches;
    const has3D = Boolean(document.createElement('canvas').getContext('webgl'));
    const font = () => ({family: getComputedStyle(document.body).fontFamily, size: 12,
      color: color('--soft')});
    const common = () => ({
      autosize: true, paper_bgcolor: 'transparent', plot_bgcolor: 'transparent', font: font(),
      showlegend: false,
      hoverlabel: {bgcolor: color('--card'), bordercolor: color('--rule'), namelength: -1,
        font: {color: color('--ink'), size: 12}},
      modebar: {bgcolor: 'transparent', color: color('--soft'), activecolor: color('--accent')},
    });

    """

  private static let smiles = """
    function smile(chart) {
      const {used, rejected} = chart;
      const traces = [
        {type: 'scatter', mode: 'markers', name: 'rejected', x: rejected.x, y: rejected.y,
          text: rejected.text, hovertemplate: '%{text}<br>%{y:.2%}<extra></extra>',
          marker: {symbol: 'x-thin', size: 6, line: {color: color('--c8'), width: 1.1}}},
        {type: 'scatter', mode: 'lines', name: 'fitted', x: chart.x, y: chart.y,
          hovertemplate: 'fitted %{y:.2%}<extra></extra>', line: {color: color('--c0'), width: 2}},
        {type: 'scatter', mode: 'markers', name: 'used', x: used.x, y: used.y, text: used.text,
          customdata: used.x.map((_, i) => [used.y[i] - used.below[i], used.y[i] + used.above[i]]),
          hovertemplate: '%{text}<br>%{customdata[0]:.2%} to %{customdata[1]:.2%}<extra></extra>',
          marker: {size: 4.6, color: color('--c5')},
          error_y: {type: 'data', symmetric: false, array: used.above, arrayminus: used.below,
            thickness: 1.3, width: 0, color: color('--c5')}},
      ];
      const axis = {gridcolor: color('--rule'), zeroline: false, automargin: true,
        ticks: 'outside', ticklen: 4, tickcolor: color('--rule')};
      return [traces, {...common(), height: 320, margin: {l: 52, r: 12, t: 8, b: 44},
        hovermode: 'closest', dragmode: canHover && 'zoom',
        xaxis: {...axis, showgrid: false, range: chart.across,
          title: {text: 'ln(strike ÷ forward)', standoff: 6}},
        yaxis: {...axis, range: chart.up, tickformat: '.3~p'}}];
    }

    """

  private static let surfaces = """
    function surface(chart) {
      const scale = [];
      for (let step = 1; step <= 8; step++) scale.push([(step - 1) / 7, color('--h' + step)]);
      const {dots} = chart;
      const traces = [
        {type: 'surface', x: chart.x, y: chart.y, z: chart.z, colorscale: scale,
          showscale: false,
          contours: {x: {highlight: false}, y: {highlight: true}, z: {highlight: false}},
          hovertemplate: '%{x:.2f} deviations<br>%{y:.1f} days<br>%{z:.2%}<extra></extra>'},
        {type: 'scatter3d', mode: 'markers', x: dots.x, y: dots.y, z: dots.z, text: dots.text,
          marker: {size: 1.8, color: color('--c5')},
          hovertemplate: '%{text}<br>%{y:.1f} days<br>%{z:.2%}<extra></extra>'},
      ];
      const isNarrow = innerWidth < 760;
      const axis = {gridcolor: color('--rule'), zeroline: false, showspikes: false,
        linecolor: color('--rule'), tickcolor: color('--rule'), showbackground: false,
        tickfont: {size: isNarrow ? 9 : 12}};
      const away = isNarrow ? 1.5 : 1;
      return [traces, {...common(), height: isNarrow ? 360 : 600,
        margin: {l: 0, r: 0, t: 0, b: 0}, scene: {
          aspectmode: 'manual', aspectratio: {x: 1.5, y: 1.3, z: .75},
          camera: {eye: {x: 1.05 * away, y: -1.8 * away, z: .8 * away},
            center: {x: 0, y: 0, z: -.22}},
          dragmode: 'turntable',
          xaxis: {...axis, title: {text: 'standard deviations'}},
          yaxis: {...axis, title: {text: 'time to expiry'}, type: 'log', tickmode: 'array',
            tickvals: chart.ticks, ticktext: chart.labels},
          zaxis: {...axis, title: {text: 'volatility'}, tickformat: '.3~p'}}}];
    }

    """

  private static let control = """
    const makers = new Map();
    for (const chart of content.smiles) makers.set(chart.id, () => smile(chart));
    if (has3D) for (const chart of content.surfaces) makers.set(chart.id, () => surface(chart));
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
      const [traces, layout] = makers.get(id)();
      return Plotly.react(drawn.get(id), traces, layout, settings);
    }

    """ + ReportScript.watching("makers")
}
