#!/usr/bin/env bash
# Kills the shortened quickstart with SIGKILL at 2 x N moments and resumes it each time by the same command: N runs, each killed once at a named moment
# (all of them in turn) and once at a moment that is uniform over the wall time of a quiet run. Prints per kill the phase hit, the step resumed from and the steps
# redone. Fails if final weights differ, if more than one checkpoint interval was redone, or if a named moment was not hit.
# usage: tests/kill-and-resume.sh N [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:?usage: tests/kill-and-resume.sh N [SEED]}
RANDOM=${2:-20}
interval=5
steps=60
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet build src/Olmo.Host -c Release -v quiet --nologo >/dev/null
olmo=src/Olmo.Host/bin/Release/net10.0/olmo
recipe() { # NAME
  echo run hocon/quickstart.conf --set run.name="$1" --set run.folder="$work/$1" --set run.steps=$steps --set checkpoint.interval=$interval \
    --set checkpoint.max-lag=0 --set tokenizer.vocabulary=1024 --set tokenizer.max-bytes=2000000 \
    --set model.width=64 --set model.layers=2 --set model.ffn=192 --set batch.sequence-length=128 --set state.shards=16 \
    --set evaluation.max-tokens=4096 --set sample.prompt="" --set schedule.warmup-steps=5
}
weights() { sed -n 's/^weights sha256 //p' "$1" | tail -1; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }

# The unbroken run.
start=$(now)
# shellcheck disable=SC2046
$olmo $(recipe quiet) >"$work/quiet.log" 2>&1 || { cat "$work/quiet.log"; echo "the unbroken run failed"; exit 1; }
wall=$(since "$start")
expected=$(weights "$work/quiet.log")
[ -n "$expected" ] || { cat "$work/quiet.log"; echo "the unbroken run printed no digest"; exit 1; }
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

# Starts the run in the background, kills it as told and reports.  kill_one NAME KIND VALUE
kill_one() {
  local name=$1 kind=$2 value=$3 trace="$work/$1/trace.log" log pid lines_before=0
  starts=$((starts + 1))
  log="$work/$name.$starts.log"
  [ -f "$trace" ] && lines_before=$(wc -l <"$trace")
  # shellcheck disable=SC2046
  if [ "$kind" = moment ]; then OLMO_PAUSE_AT=$value $olmo $(recipe "$name") >"$log" 2>&1 & else $olmo $(recipe "$name") >"$log" 2>&1 & fi
  pid=$!
  local began; began=$(now)
  while kill -0 $pid 2>/dev/null; do
    if [ "$kind" = moment ]; then
      grep -q ' paused$' <(tail -n +$((lines_before + 1)) "$trace" 2>/dev/null) && break
    else
      awk -v s="$(since "$began")" -v v="$value" 'BEGIN { exit !(s >= v) }' && break
    fi
    sleep 0.02
  done
  if ! kill -9 $pid 2>/dev/null; then echo "$name: was finished before its moment ($kind $value)"; wait $pid 2>/dev/null || true; return 1; fi
  wait $pid 2>/dev/null || true
  killed_phase=$(phase_of "$trace")
  [ "$kind" = moment ] && killed_phase=$(grep ' paused$' "$trace" | tail -1 | awk '{ print $2 }')
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
  code=0; $olmo $(recipe "$name") >"$work/$name.$starts.log" 2>&1 || code=$?
  [ $code -eq 0 ] || { tail -5 "$work/$name.$starts.log"; echo "$name: the last start ended with exit code $code"; failed=1; continue; }
  for k in "${killed[@]}"; do
    read -r start phase begun <<<"$k"
    from=$(resumed_after "$name" "$start")
    done_steps=$((begun > 0 ? begun - 1 : 0))
    redone=$((done_steps > ${from:-done_steps} ? done_steps - ${from:-done_steps} : 0))
    echo "$name: killed in $phase (step $begun had begun), resumed from step ${from:-(none: it was complete)}, $redone steps redone"
    if [ -n "$from" ] && [ $redone -gt $interval ]; then echo "$name: more than one interval of $interval steps was redone"; failed=1; fi
  done
  found=$(weights "$work/$name.$starts.log")
  if [ "$found" = "$expected" ]; then equal=$((equal + 1)); else echo "$name: weights $found differ"; failed=1; fi
  rm -rf "${work:?}/$name"
done

for label in "${labels[@]}"; do
  if [ -z "${hit[$label]:-}" ]; then echo "moment $label was never hit"; failed=1; fi
done
echo "$equal of $runs equal"
[ $failed -eq 0 ] && [ $equal -eq "$runs" ]
