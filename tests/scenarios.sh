#!/usr/bin/env bash
# Failure scenarios as real processes with real training: each is a test that says what must come of a fault, and names the guard that makes it so.
#   tests/scenarios.sh          runs all and prints name, guard, seconds, outcome; last line: N of N green
#   tests/scenarios.sh --red    runs each without its guard and fails if one stays green; last line: N of N red without their guard
#   tests/scenarios.sh --ci     one of each family, within 4 minutes on 2 cores
#   FILTER=F02 tests/scenarios.sh ...   only tests whose names contain that
# With OLMO_IS_BUILT=1 nothing is built.
set -euo pipefail
cd "$(dirname "$0")/.."
red=0
cycles=1000
# A step, the optimizer, a checkpoint's coordinator, files, moved state, the journal, a second death, data, ranks that come back, and a stop.
ci=(F02_ F04_KillRankOptimizer F08_ F24_ F25_ F27_ F33_PoisonBatch_FailsInTwoRanks F40_ F43_ F47_ F50_)
only=""
case "${1:-}" in
  --red) red=1 ;;
  --ci)
    only=$(printf '|FullyQualifiedName~%s' "${ci[@]}")
    only="&(${only:1})&FullyQualifiedName!~GatheredAnew" ;;
  "") ;;
  *) echo "usage: $0 [--red | --ci]"; exit 2 ;;
esac
report=$(mktemp)
log=$(mktemp)
trap 'rm -f "$report" "$log"' EXIT
filter="FullyQualifiedName~Scenario${FILTER:+&FullyQualifiedName~$FILTER}$only"
code=0
export OLMO_SCENARIO_RED=$red OLMO_SCENARIO_REPORT=$report OLMO_SCENARIO_CYCLES=${OLMO_SCENARIO_CYCLES:-$cycles}
for project in tests/Olmo.Actors.Tests tests/Olmo.Host.Tests; do
  dotnet test "$project" -c Release ${OLMO_IS_BUILT:+--no-build} --nologo --logger 'console;verbosity=normal' --filter "$filter" >> "$log" 2>&1 || code=$?
done
if [ "$red" = 1 ]; then wanted=red; text="red without their guard"; else wanted=green; text=green; fi
all=$(wc -l < "$report")
right=$(awk -F'\t' -v w="$wanted" '$4 == w' "$report" | wc -l)
if [ "$code" != 0 ]; then grep -v "^ *Passed " "$log" | tail -80; fi
sort "$report" | awk -F'\t' '{ printf "%-62s %-36s %-13s %6s s  %s\n", $1, $2, $4, $3, $5 }'
if [ "$all" = 0 ]; then echo "no scenario ran"; exit 1; fi
echo "$right of $all $text"
[ "$code" = 0 ] && [ "$right" = "$all" ]
