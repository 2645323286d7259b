#!/usr/bin/env bash
# Which rule makes good margins? Four of them on the daily prices of days.csv: how often they are
# passed, what they ask for, how fast they move; for long and for short positions, and as JSON.
set -euo pipefail

rules=(--rule historical --rule exponential --rule flooredBlend --rule plimsoll)
"$PLIMSOLL" backtest Examples/days.csv "${rules[@]}" --probability 97.5% | sed '/^Passed:/,$d'
printf 'As JSON:\n'
"$PLIMSOLL" backtest Examples/days.csv --rule historical --probability 97.5% --json \
  | grep -o '"side":"[a-z]*"\|"exceedances":[0-9]*\|"light":"[a-z]*"'
