#!/usr/bin/env bash
# What three accounts need, why, and at what prices they are liquidated.
set -euo pipefail

"$PLIMSOLL" margin Examples/book.csv --index BTC=7900 --index ETH=195 \
  --at 2020-03-12T00:00Z --volatility BTC=80% --volatility ETH=95%
