#!/usr/bin/env bash
# What may a strangle sold short lose in a day? Filtered history, delta-gamma-vega and Monte Carlo
# side by side at two probabilities, on the closes of days.csv.
set -euo pipefail

# Daily closes; the house's rule filters them, with its floor and its ramp.
closes=$(awk -F, 'NR > 1 { list = list (NR > 2 ? "," : "") $5 } END { print list }' Examples/days.csv)
history="{\"closes\":[$closes],\"firstDay\":\"2021-01-01T00:00:00Z\",\"rule\":\"plimsoll\"}"

ask() {
  "$PLIMSOLL" evaluate <<LINE
{"kind":"margin.valueAtRisk","underlyings":[{"symbol":"BTC","index":10000}],"expiries":[{"underlying":"BTC","forward":10000,"years":0.0822}],"positions":[{"name":"put","type":"option","underlying":"BTC","expiry":0,"right":"put","strike":8500,"volatility":0.62,"size":-10},{"name":"call","type":"option","underlying":"BTC","expiry":0,"right":"call","strike":12000,"volatility":0.6,"size":-10}],"seed":20200312,"parameters":{"set":"default","overrides":{"var.confidence":"$1"}},"markets":[{"underlying":"BTC","history":$history}]}
LINE
}

printf '%-6s  %-10s  %8s  %9s  %13s  %9s\n' prob method VaR shortfall '95 % interval' worst
for probability in 95% 99%; do
  ask "$probability" | sed 's/{"method":/\n&/g' | awk -v p="$probability" '
    /^{"method":/ {
      method = $0; sub("{\"method\":\"", "", method); sub("\".*", "", method)
      range = "-"
      if (match($0, /"interval":\[[^]]*\]/)) {
        split(substr($0, RSTART + 12, RLENGTH - 13), ends, ",")
        range = sprintf("%.0f-%.0f", ends[1], ends[2])
      }
      first = $0; sub("\"expectedShortfall\".*", "", first); sub(".*\"valueAtRisk\":", "", first)
      second = $0; sub("\"standardErrors\".*", "", second)
      sub(".*\"expectedShortfall\":", "", second)
      losses = $0; largest = "-"
      if (sub(".*\"worst\":\\[{\"place\":[0-9]*,\"loss\":", "", losses)) {
        sub(",.*", "", losses); largest = sprintf("%.0f", losses)
      }
      printf "%-6s  %-10s  %8.0f  %9.0f  %13s  %9s\n", p, method, first, second, range, largest
    }'
done
