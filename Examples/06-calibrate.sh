#!/usr/bin/env bash
# From a chain of quotes to a surface without arbitrage: the fit of every expiry, the quotes left
# out and why, and what a search finds, for people and as JSON.
set -euo pipefail

"$PLIMSOLL" calibrate Examples/chain.csv --no-report
printf 'As JSON:\n'
"$PLIMSOLL" calibrate Examples/chain.csv --no-report --json | grep -o '"arbitrage":{[^}]*}'
