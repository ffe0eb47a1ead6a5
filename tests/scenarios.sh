#!/usr/bin/env bash
# Failure scenarios as real processes with real training: each is a test that says what must come of a fault, and names the guard that makes it so.
#   tests/scenarios.sh          runs all and prints name, guard, seconds, outcome; last line: N of N green
#   tests/scenarios.sh --red    runs each without its guard and fails if one stays green; last line: N of N red without their guard
#   FILTER=F02 tests/scenarios.sh ...   only tests whose names contain that
set -euo pipefail
cd "$(dirname "$0")/.."
red=0
case "${1:-}" in
  --red) red=1 ;;
  "") ;;
  *) echo "usage: $0 [--red]"; exit 2 ;;
esac
report=$(mktemp)
log=$(mktemp)
trap 'rm -f "$report" "$log"' EXIT
filter="FullyQualifiedName~Scenario${FILTER:+&FullyQualifiedName~$FILTER}"
code=0
export OLMO_SCENARIO_RED=$red OLMO_SCENARIO_REPORT=$report OLMO_SCENARIO_CYCLES=${OLMO_SCENARIO_CYCLES:-1000}
for project in tests/Olmo.Actors.Tests tests/Olmo.Host.Tests; do
  dotnet test "$project" -c Release --nologo --logger 'console;verbosity=normal' --filter "$filter" >> "$log" 2>&1 || code=$?
done
sort "$report" | awk -F'\t' '{ printf "%-34s %-28s %6s s  %-12s %s\n", $1, $2, $3, $4, $5 }'
if [ "$red" = 1 ]; then wanted=red; text="red without their guard"; else wanted=green; text=green; fi
all=$(wc -l < "$report")
right=$(awk -F'\t' -v w="$wanted" '$4 == w' "$report" | wc -l)
if [ "$code" != 0 ]; then grep -v "^ *Passed " "$log" | tail -80; fi
if [ "$all" = 0 ]; then echo "no scenario ran"; exit 1; fi
echo "$right of $all $text"
[ "$code" = 0 ] && [ "$right" = "$all" ]
