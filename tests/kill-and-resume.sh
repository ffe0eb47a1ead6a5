#!/usr/bin/env bash
# Kills the shortened quickstart with SIGKILL at 2 x N moments and resumes it each time by the same command: N runs, each killed once at a named moment
# (all of them in turn) and once at a moment that is uniform over the wall time of a quiet run. Prints per kill the phase hit, the step resumed from and the steps
# redone. Fails if final weights differ, if more than one checkpoint interval was redone, if a named moment was not hit, or if any process overran its bound.
# usage: tests/kill-and-resume.sh N [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:?usage: tests/kill-and-resume.sh N [SEED]}
RANDOM=${2:-20}
# shellcheck source=tests/bounded.sh
. tests/bounded.sh
built
interval=5
steps=60
recipe() { # NAME
  echo run hocon/quickstart.conf --set run.name="$1" --set run.folder="$work/$1" --set run.steps=$steps --set checkpoint.interval=$interval \
    --set checkpoint.max-lag=0 --set tokenizer.vocabulary=1024 --set tokenizer.max-bytes=2000000 \
    --set model.width=64 --set model.layers=2 --set model.ffn=192 --set batch.sequence-length=128 --set state.shards=16 \
    --set evaluation.max-tokens=4096 --set sample.prompt= --set schedule.warmup-steps=5
}

# The unbroken run.
start=$(now)
# shellcheck disable=SC2046
bounded "$work/quiet.log" "$work/quiet" $olmo $(recipe quiet)
[ "$code" -eq 0 ] || { cat "$work/quiet.log"; fail "the unbroken run failed"; }
wall=$(since "$start")
expected=$(weights "$work/quiet.log")
[ -n "$expected" ] || { cat "$work/quiet.log"; fail "the unbroken run printed no digest"; }
echo "unbroken run: ${wall}s, weights $expected, checkpoints every $interval of $steps steps"

# Newest moment in a trace.
phase_of() {
  if [ ! -s "$1" ]; then echo "start"; return; fi
  tail -1 "$1" | awk '{ print $2 }'
}
moments=(tokenizer:0 data:0 step:2 shard-write:20 manifest-written:2 row-written:1)
labels=(tokenizer data before-first-commit shard-write manifest-not-row row-written)
declare -A hit
equal=0
failed=0

is_paused() { tail -n +$((lines_before + 1)) "$trace" 2>/dev/null | grep -q ' paused$'; }
is_late() { awk -v s="$(since "$began")" -v v="$1" 'BEGIN { exit !(s >= v) }'; }

# Starts the run in the background, kills it as told and reports.  kill_one NAME KIND VALUE
kill_one() {
  local name=$1 kind=$2 value=$3 pid began
  trace="$work/$1/trace.log"
  lines_before=0
  starts=$((starts + 1))
  log="$work/$name.$starts.log"
  if [ -f "$trace" ]; then lines_before=$(wc -l <"$trace"); fi
  began=$(now)
  # shellcheck disable=SC2046
  if [ "$kind" = moment ]; then start "$log" env OLMO_PAUSE_AT="$value" $olmo $(recipe "$name"); else start "$log" $olmo $(recipe "$name"); fi
  pid=$started
  if [ "$kind" = moment ]; then within "$pid" "$log" "$work/$name" is_paused || true; else within "$pid" "$log" "$work/$name" is_late "$value" || true; fi
  if ! destroy "$pid"; then echo "$name: was finished before its moment ($kind $value)"; return 1; fi
  killed_phase=$(phase_of "$trace")
  if [ "$kind" = moment ]; then killed_phase=$(grep ' paused$' "$trace" | tail -1 | awk '{ print $2 }'); fi
  killed_begun=$(tail -n +$((lines_before + 1)) "$trace" 2>/dev/null | awk '$2 == "step" { s = $3 } END { print s + 0 }')
  return 0
}

# Where the first start after start $2 of run $1 that got so far went on.
resumed_after() {
  local k
  for ((k = $2 + 1; k <= starts; k++)); do
    sed -n 's/^resumed from step \([0-9]*\).*/\1/p;s/^starts from initial weights.*/0/p' "$work/$1.$k.log"
  done | sed -n 1p
}

for ((i = 0; i < runs; i++)); do
  name="run$i"
  m=$((i % ${#moments[@]}))
  starts=0
  killed=()
  if kill_one "$name" moment "${moments[$m]}"; then
    hit[${labels[$m]}]=1
    killed+=("$starts ${labels[$m]} $killed_begun")
  else
    echo "$name: moment ${moments[$m]} was not hit"; failed=1
  fi
  at=$(awk -v w="$wall" -v r="$RANDOM" 'BEGIN { printf "%.2f", w * r / 32768 }')
  if kill_one "$name" time "$at"; then killed+=("$starts uniform@${at}s/$killed_phase $killed_begun"); fi
  starts=$((starts + 1))
  # shellcheck disable=SC2046
  bounded "$work/$name.$starts.log" "$work/$name" $olmo $(recipe "$name")
  [ "$code" -eq 0 ] || { tail -5 "$work/$name.$starts.log"; echo "$name: the last start ended with exit code $code"; failed=1; continue; }
  for k in "${killed[@]}"; do
    read -r number phase begun <<<"$k"
    from=$(resumed_after "$name" "$number")
    done_steps=$((begun > 0 ? begun - 1 : 0))
    redone=$((done_steps > ${from:-done_steps} ? done_steps - ${from:-done_steps} : 0))
    echo "$name: killed in $phase (step $begun had begun), resumed from step ${from:-(none: it was complete)}, $redone steps redone"
    if [ -n "$from" ] && [ $redone -gt $interval ]; then echo "$name: more than one interval of $interval steps was redone"; failed=1; fi
  done
  found=$(weights "$work/$name.$starts.log")
  if [ "$found" = "$expected" ]; then equal=$((equal + 1)); else echo "$name: weights $found differ"; failed=1; fi
  rm -rf "${work:?}/$name"
done

for ((k = 0; k < ${#labels[@]} && k < runs; k++)); do
  if [ -z "${hit[${labels[$k]}]:-}" ]; then echo "moment ${labels[$k]} was never hit"; failed=1; fi
done
echo "$equal of $runs equal"
[ $failed -eq 0 ] && [ $equal -eq "$runs" ]
