#!/usr/bin/env bash
# Neither the coordinator nor the database is on the path of a step: two ranks train while, for 100 steps each, the coordinator is frozen (SIGSTOP), the journal is held by an exclusive lock of
# another process, and the coordinator is killed (SIGKILL) twice. The steps before and after each are the comparison: median step time of the disturbed over the quiet ones. The final
# weights must be those of a run that nobody touched.
# usage: tests/off-the-path.sh       MOST: the largest ratio of medians that passes (default 1.15); SEQUENCES: of 128 tokens a group (default 1; more make longer steps); python3 holds the lock
# Last line: the three ratios and whether the bits are equal.
set -euo pipefail
cd "$(dirname "$0")/.."
most=${MOST:-1.15}
export OLMO_PROCESS_LIMIT=${OLMO_PROCESS_LIMIT:-600}
# shellcheck source=tests/bounded.sh
. tests/bounded.sh
built
recipe() { # NAME
  echo run hocon/quickstart.conf --set run.name="$1" --set run.folder="$work/$1" --set run.steps=670 --set checkpoint.interval=20 --set tokenizer.vocabulary=1024 \
    --set tokenizer.max-bytes=2000000 --set model.width=128 --set model.layers=2 --set model.ffn=384 --set batch.sequence-length=128 --set batch.groups=12 \
    --set batch.sequences-per-group="${SEQUENCES:-1}" --set state.shards=16 --set evaluation.max-tokens=4096 --set sample.prompt= --set ranks.threads=1 --set ranks.count=2 \
    --set ranks.silence=500ms
}
trace() { echo "$work/$1/processes/rank-slot-0.trace.log"; }
step_is() { [ "$(tail -n 100 "$(trace disturbed)" 2>/dev/null | awk '$2 == "step" { s = $3 } END { print s + 0 }')" -ge "$1" ]; }
until_step() { within "$node" "$work/disturbed.log" "$work/disturbed" step_is "$1" || { tail -20 "$work/disturbed.log"; fail "the run ended before step $1"; }; }
coordinator() { pgrep -P "$node" -f 'olmo coordinator' | tail -1; }
# Median seconds of the steps in the ranges (FROM, TO], as the first rank began them.
median() { # FROM TO [FROM TO]
  awk -v a="$1" -v b="$2" -v c="${3:-0}" -v d="${4:-0}" '$2 == "step" {
      split($1, t, /[T:+]/); now = t[2] * 3600 + t[3] * 60 + t[4]; took = now - last; if (took < 0) took += 86400
      if ($3 == step + 1 && ($3 > a && $3 <= b || $3 > c && $3 <= d)) printf "%.6f\n", took
      step = $3; last = now }' "$(trace disturbed)" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
# Of the steps (FROM, TO] over the 50 before and the 50 after them: the machine is not equally fast all the time.
ratio() { awk -v q="$(median $(($1 - 50)) "$1" "$2" $(($2 + 50)))" -v d="$(median "$1" "$2")" 'BEGIN { printf "%.3f", d / q }'; }

# shellcheck disable=SC2046
bounded "$work/quiet.log" "$work/quiet" $olmo $(recipe quiet)
[ "$code" -eq 0 ] || { tail -20 "$work/quiet.log"; fail "the quiet run: exit code $code"; }
mkdir "$work/disturbed"
cp -r "$work/quiet/data" "$work/disturbed/data"

# shellcheck disable=SC2046
start "$work/disturbed.log" $olmo $(recipe disturbed)
node=$started
until_step 110
frozen=$(coordinator)
kill -STOP "$frozen"
until_step 210
kill -CONT "$frozen"
until_step 310
python3 -c '
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()' "$work/disturbed/journal.db" < <(until_step 410) >"$work/lock.log" &
lock=$!
living[$lock]=1
wait "$lock"
unset "living[$lock]"
grep -q held "$work/lock.log" || fail "the journal could not be locked"
until_step 510
for step in 560 610; do
  kill -9 "$(coordinator)" || fail "no coordinator to kill before step $step"
  until_step "$step"
done
until_step 665
await "$node" "$work/disturbed.log" "$work/disturbed"
[ "$code" -eq 0 ] || { tail -20 "$work/disturbed.log"; fail "the disturbed run: exit code $code"; }
grep -E '^coordinator|silent|journal|generation|^goes on|^resumed' "$work/disturbed.log" | head -20 || true
frozen=$(ratio 110 210)
locked=$(ratio 310 410)
killed=$(ratio 510 610)
same=DIFFERENT
[ "$(weights "$work/quiet.log")" = "$(weights "$work/disturbed.log")" ] && same=equal
awk -v r="$most" -v a="$frozen" -v b="$locked" -v c="$killed" 'BEGIN { exit !(a <= r && b <= r && c <= r) }' && fast=0 || fast=1
echo "median step over the quiet ones: coordinator frozen $frozen, journal locked $locked, coordinator killed $killed (at most $most); bits $same"
[ "$same" = equal ] && [ $fast -eq 0 ]
