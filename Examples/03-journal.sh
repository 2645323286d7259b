#!/usr/bin/env bash
# A replay's journal: verified, recovered from, and refused once one digit in it is wrong.
set -euo pipefail

run=$OUT/journal
rm -rf "$run"
mkdir -p "$run"
"$PLIMSOLL" replay --accounts Examples/book.csv --from 2020-03-12T09:00Z --length 3h \
  --out "$run" --no-report >"$run/summary"
grep -E '^(BTC |Blocks|Liquidations  |Closed|Penalties)' "$run/summary"
printf '\n'

# The hashes are long and change with every release; that they agree does not.
hashes() { awk '$1 == "hash" || $1 == "state"'; }
"$PLIMSOLL" verify "$run/journal.db" >"$run/verified"
head -n 1 "$run/verified"
"$PLIMSOLL" recover "$run/journal.db" >"$run/recovered"
if diff <(hashes <"$run/verified") <(hashes <"$run/recovered"); then
  printf 'The recorded events alone lead to the same hash and state.\n'
fi

# One digit of an instrument's name, where it is listed.
mkdir "$run/changed"
LC_ALL=C sed 's/BTC-26JUN20/BTC-26JUN21/' "$run/journal.db" >"$run/changed/journal.db"
if ! "$PLIMSOLL" verify "$run/changed/journal.db" 2>"$run/error"; then
  sed -E 's/^plimsoll: (record|snapshot after) [0-9]+/With one digit wrong: \1 …/' "$run/error"
fi
