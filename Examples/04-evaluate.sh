#!/usr/bin/env bash
# Questions and answers as lines of JSON: funding, tiers, an option, and a line that is refused.
set -euo pipefail

"$PLIMSOLL" evaluate <<'LINES' || printf 'exit code %s: a line was refused\n' $?
{"id":"funding","kind":"funding.rate","premium":"0.08%","parameters":{"interest":"0.01%","deadBand":"0.05%","cap":"0.75%"}}
{"id":"tiers","kind":"margin.tiers","table":{"convention":"marginal","measure":"notional","rows":[{"upTo":"150000000","initial":"2.5%","maintenance":"1.25%"},{"initial":"5%","maintenance":"2.5%"}]},"position":{"notional":"200000000"}}
{"id":"call","kind":"option.price","model":"black76","forward":100,"strike":110,"volatility":0.2,"years":1,"right":"call","payoff":"linear"}
{"id":"wrong","kind":"funding.rate","premium":"plenty","parameters":{"interest":"0.01%","deadBand":"0.05%","cap":"0.75%"}}
LINES
