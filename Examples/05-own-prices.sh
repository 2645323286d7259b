#!/usr/bin/env bash
# A replay of one's own price files: three venues, an hour, a fall of a tenth.
set -euo pipefail

market=$OUT/prices
rm -rf "$market"
mkdir -p "$market"
for venue in NORTH SOUTH WEST; do
  {
    printf 'ts_ms,open,high,low,close,volume\n'
    for minute in {0..59}; do
      price=$((7900 - 26 * (minute < 30 ? minute : 30)))
      printf '%d,%d,%d,%d,%d,5\n' $((1583971200000 + minute * 60000)) \
        "$price" $((price + 3)) $((price - 30)) $((price - 20))
    done
  } >"$market/BTC-USD.$venue.1m.csv"
done

"$PLIMSOLL" replay --market "$market" --population 50 --out "$OUT/own" --no-report \
  | sed -n '/^Index/,/^Final hash/p' | grep -vE '^(Records|Events|Final hash)'
