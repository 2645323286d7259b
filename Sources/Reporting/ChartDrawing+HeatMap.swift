// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension ChartDrawing {
  func draw(_ map: HeatMapChart) -> Markup {
    let times = map.starts.isEmpty ? [] : [map.starts[0], map.end]
    let frame = frame(
      times: times, values: 0...Int64(max(map.classes.count, 1)), left: 78)
    let shades = (1...map.thresholds.count).map { shade -> Markup in
      let path = Self.path(of: shade, map, frame)
      return path.isEmpty
        ? "" : "<path class=\"cell\" style=\"--c:var(--h\(shade))\" d=\"\(path)\"/>\n"
    }
    return svg(
      frame, background(frame) + shades.joined() + classAxis(map, frame) + timeAxis(frame),
      legend: Self.legend(map))
  }

  /// All cells of one shade as one path; neighbors in a row are one rectangle.
  private static func path(of shade: Int, _ map: HeatMapChart, _ frame: ChartFrame) -> String {
    var path = ""
    for (row, counts) in map.counts.enumerated() {
      let (top, bottom) = (frame.y(Int64(row + 1)), frame.y(Int64(row)))
      var column = 0
      while column < counts.count {
        var next = column + 1
        guard map.shade(counts[column]) == shade else {
          column = next
          continue
        }
        while next < counts.count, map.shade(counts[next]) == shade { next += 1 }
        let left = frame.x(map.starts[column])
        let right = frame.x(next < map.starts.count ? map.starts[next] : map.end)
        path += "M\(ChartFrame.text(left)) \(ChartFrame.text(top))"
        path += "H\(ChartFrame.text(right))V\(ChartFrame.text(bottom))H\(ChartFrame.text(left))z"
        column = next
      }
    }
    return path
  }

  private func background(_ frame: ChartFrame) -> Markup {
    """
    <rect class="empty" x="\(ChartFrame.text(frame.left))" y="\(ChartFrame.text(frame.top))" \
    width="\(ChartFrame.text(frame.right - frame.left))" \
    height="\(ChartFrame.text(frame.bottom - frame.top))"/>

    """
  }

  private func classAxis(_ map: HeatMapChart, _ frame: ChartFrame) -> Markup {
    let labels = map.classes.enumerated().map { row, name -> Markup in
      let middle = (frame.y(Int64(row)) + frame.y(Int64(row + 1))) / 2
      return """
        <text class="tick end" x="\(ChartFrame.text(frame.left - 6))" \
        y="\(ChartFrame.text(middle))" dy="4">\(name)</text>

        """
    }
    let y = ChartFrame.text(frame.y(Int64(map.boundary)))
    let (left, right) = (ChartFrame.text(frame.left), ChartFrame.text(frame.right))
    return labels.joined() + "<path class=\"limit\" d=\"M\(left) \(y)H\(right)\"/>\n"
  }

  private static func legend(_ map: HeatMapChart) -> [Markup] {
    let shades = map.thresholds.enumerated().map { position, lowest -> Markup in
      """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <rect class="cell" style="--c:var(--h\(position + 1))" width="22" height="10"/></svg>\
      \(position + 1 < map.thresholds.count ? "" : "≥ ")\(NumberText.grouped(Int64(lowest)))</li>
      """
    }
    let limit: Markup = """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="limit" d="M1 5H21"/></svg>\(map.boundaryName)</li>
      """
    return ["<li>accounts:</li>"] + shades + [limit]
  }
}
