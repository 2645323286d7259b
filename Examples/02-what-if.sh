#!/usr/bin/env bash
# What one changed parameter does to an account: the tier of perpetuals, the portfolio's factor.
set -euo pipefail

ask() {
  "$PLIMSOLL" margin Examples/book.csv --index BTC=7900 --index ETH=195 --account "$@" \
    | grep -E '^(account|equity|initial margin|maintenance margin|margin ratio|BTC|ETH)'
  printf '\n'
}

printf 'As the parameters stand\n\n'
ask 1
ask 3
printf 'With 2 %% maintenance in the first tier of BTC\n\n'
ask 1 --set margin.tiers.BTC.row.1.maintenance=2%
printf 'With maintenance margin at 64 %% of initial margin instead of 80 %%\n\n'
ask 3 --set margin.maintenanceFactor=0.64
