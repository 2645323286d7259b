#!/usr/bin/env bash
# Why an account of options needs what it needs: scenarios, Greeks, the liquidation line over
# volatility, the cheapest repair, and what changed since the price was 8,000.
set -euo pipefail

book=$OUT/explain.csv
mkdir -p "$OUT"
cat >"$book" <<'BOOK'
account,mode,kind,name,quantity,price
4,portfolio,collateral,USD,1500,
4,portfolio,collateral,BTC,0.4,
4,portfolio,position,BTC-27MAR20-8000-C-INV,-5,0.06
4,portfolio,position,BTC-27MAR20-7000-P-INV,-5,0.03
4,portfolio,position,BTC-26JUN20-10000-C-INV,4,0.06
4,portfolio,position,BTC-PERP,0.5,7890
BOOK

"$PLIMSOLL" margin "$book" --index BTC=7900 --volatility BTC=80% --explain \
  --since-index BTC=8000 --since-volatility BTC=75% --since-at 2020-03-11T23:59Z
