#!/usr/bin/env bash
# The same bits for every world: the shortened quickstart
# - with 1 to 4 rank processes, 1 to 3 replicas and micro-batches of 1 and 4;
# - with ranks that are killed by SIGKILL at named moments, after the others have gone as far as they can without them;
# - with a world that goes from 4 ranks to 3, to 2 and back to 4;
# - with ranks, the coordinator or the whole node killed at random moments.
# Compares the SHA-256 of the final weights and of every shard file of the last checkpoint with those of a run in one process. Fails too where the death of a single rank of a world with
# two replicas loaded a checkpoint, where a group that a living rank had computed was computed again, and unless every moment was hit and every way to recover was seen.
# usage: tests/bits-across-worlds.sh [--small] [KILLS] [SEED]      default 25 kills at random; --small: two worlds and the named moments, and no other kills unless asked for
# Last line: "N of N equal".
set -euo pipefail
cd "$(dirname "$0")/.."
small=
if [ "${1:-}" = --small ]; then small=1; shift; fi
kills=${1:-$([ -n "$small" ] && echo 0 || echo 25)}
RANDOM=${2:-7}
# shellcheck source=tests/bounded.sh
. tests/bounded.sh
built
# Arguments of olmo in $command.  recipe NAME ARGS...
recipe() {
  local name=$1
  shift
  command=(run hocon/quickstart.conf --set run.name="$name" --set run.folder="$work/$name" --set run.steps=60 --set checkpoint.interval=10 --set checkpoint.max-lag=0
    --set tokenizer.vocabulary=1024 --set tokenizer.max-bytes=2000000 --set model.width=64 --set model.layers=2 --set model.ffn=192 --set batch.sequence-length=128
    --set batch.groups=12 --set batch.sequences-per-group=4 --set state.shards=16 --set evaluation.max-tokens=4096 --set sample.prompt= --set schedule.warmup-steps=5
    --set supervision.max-faults=255 --set supervision.max-faults-without-progress=255 --set supervision.fault-window='10 s' --set ranks.threads=1 "$@")
}
prepare() { mkdir -p "$work/$1"; [ ! -d "$work/data" ] || cp -r "$work/data" "$work/$1/data"; }
digests() { # NAME: of the weights, and of all shard files of the last checkpoint
  weights "$work/$1.log"
  $olmo checkpoint describe "$work/$1" --step 60 | sed -n 's/^ *[0-9]* .* bytes  //p'
}
equal=0
total=0
wrong=0
declare -A kinds=() phases=()
# What the recoveries of a run must not have done; notes their kinds.
judge() {
  local file=$work/$1/recoveries.jsonl kind found
  [ -f "$file" ] || return 0
  while read -r kind; do kinds[$kind]=$((${kinds[$kind]:-0} + 1)); done < <(sed -n 's/.*"kind":"\([A-Za-z]*\)".*/\1/p' "$file")
  found=$(awk '
    function list(name) { if (!match($0, "\"" name "\":\\[[^]]*\\]")) return 0; s = substr($0, RSTART, RLENGTH); sub(/.*\[/, "", s); sub(/\].*/, "", s); return s == "" ? 0 : split(s, parts, ",") }
    function number(name) { match($0, "\"" name "\":[0-9]+"); s = substr($0, RSTART, RLENGTH); sub(/.*:/, "", s); return s + 0 }
    {
      single = before >= 2 && list("lost") == 1 && number("attempts") == 1
      if (single && replicas >= 2 && /"kind":"Checkpoint"/) print "a checkpoint was loaded though a single rank died: " $0
      if (single && number("groups_of_living_recomputed") > 0) print "a group that a living rank had computed was computed again: " $0
      before = list("members")
    }' replicas="$2" "$file")
  if [ -n "$found" ]; then echo "$1: $found"; wrong=1; fi
}
# compare NAME REPLICAS WORDS
compare() {
  total=$((total + 1))
  judge "$1" "$2"
  if [ "$(digests "$1")" = "$expected" ]; then equal=$((equal + 1)); echo "$1: equal$3"; else echo "$1: DIFFERENT$3"; tail -20 "$work/$1.log"; fi
  rm -rf "${work:?}/$1"
}
seen() { sed -n 's/.*"kind":"\([A-Za-z]*\)".*/\1/p' "$work/$1/recoveries.jsonl" | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $2, $1 }'; }

recipe one
bounded "$work/one.log" "$work/one" $olmo "${command[@]}"
[ "$code" -eq 0 ] || { cat "$work/one.log"; fail "the run in one process failed"; }
expected=$(digests one)
[ "$(wc -l <<<"$expected")" -eq 17 ] || fail "expected the digests of the weights and of 16 shards, found: $expected"
mv "$work/one/data" "$work/data"
echo "one process: weights ${expected%%$'\n'*}"

worlds=("1 1 1" "2 1 4" "2 2 1" "3 1 1" "3 2 4" "3 3 1" "4 1 4" "4 2 1" "4 3 4")
[ -z "$small" ] || worlds=("3 2 4" "4 2 1")
for world in "${worlds[@]}"; do
  read -r ranks replicas micro <<<"$world"
  name="ranks$ranks-replicas$replicas-micro$micro"
  prepare "$name"
  recipe "$name" --set ranks.count="$ranks" --set ranks.processes=true --set state.replicas="$replicas" --set compute.micro-batch="$micro"
  bounded "$work/$name.log" "$work/$name" $olmo "${command[@]}"
  [ "$code" -eq 0 ] || echo "$name: exit code $code"
  compare "$name" "$replicas" ""
done

# Moments. A drill lets the thread that gets there first hang, so that the moment is certain; then the process is killed from outside, together with all that hang.
declare -A struck=()
count() { grep -c "$1" "$work/$name.log" || true; }
# Never holds, so that the node is waited for.
kill_what_hangs() {
  local mark pids=() pid
  for mark in "$work/$name"/drill/*; do
    [ -s "$mark" ] && [ -z "${struck[$name/${mark##*/}]:-}" ] || continue
    if [ "$(count '^rank [0-9]*: started')" -ne "$(count '^rank [0-9]*: ready')" ]; then return 1; fi # a spare takes part
    pids+=("$mark")
  done
  [ ${#pids[@]} -ge "$together" ] || return 1
  sleep 0.3
  for mark in "${pids[@]}"; do
    struck[$name/${mark##*/}]=1
    pid=$(sed -n 's/.* by process //p' "$mark")
    if kill -9 "$pid" 2>/dev/null; then phase=$(sed 's/.* at \([a-z-]*\) .*/\1/' "$mark"); phases[$phase]=$((${phases[$phase]:-0} + 1)); fi
  done
  return 1
}
# moments NAME TOGETHER RANKS REPLICAS SPARES MICRO-BATCH PHASE@STEP...
moments() {
  name=$1
  together=$2
  local ranks=$3 replicas=$4 spares=$5 micro=$6 faults="" at
  shift 6
  for at in "$@"; do faults+="${faults:+,}{do=hang,at=${at%@*},step=${at#*@}}"; done
  prepare "$name"
  recipe "$name" --set ranks.count="$ranks" --set ranks.spares="$spares" --set state.replicas="$replicas" --set compute.micro-batch="$micro" --set "drill.faults=[$faults]"
  start "$work/$name.log" $olmo "${command[@]}"
  local node=$started
  within "$node" "$work/$name.log" "$work/$name" kill_what_hangs || true
  reap "$node"
  [ "$code" -eq 0 ] || echo "$name: exit code $code"
  compare "$name" "$replicas" ", $# moments: $(seen "$name")"
}
moments one-dies 1 3 2 1 1 wait@8 forward@13 backward@17 sums@21 announced@25 shard-write@30 applying@34 gather@37 stage@40
moments told-one 1 3 3 1 4 told@8
moments donor-dies 1 3 3 1 1 forward@14 donate@13
moments receiver-dies 1 3 2 1 4 forward@14 transfer@13
moments all-die 2 2 2 0 1 forward@25 forward@25

# From 4 to 3 to 2 and back to 4: replacements are held by SIGSTOP before they can do anything, and slow steps leave them the time to come.
name=shrinks-and-grows
prepare "$name"
recipe "$name" --set ranks.count=4 --set state.replicas=2 \
  --set 'drill.faults=[{do=hang,at=forward,step=8},{do=hang,at=forward,step=9},{do=slow,at=forward,step=10,steps=45,duration=200 ms}]'
sizes() { sed -n 's/^\(starts from\|goes on\|resumed\).*ranks \([0-9,]*\).*/\2/p' "$work/$name.log" | awk -F, '{ print NF }' | tr '\n' ' '; }
held=()
turn=0
shrink_and_grow() {
  local rank pid
  while read -r rank pid; do # a replacement that has just been started
    if [ "$rank" -gt 5 ] && [ ${#held[@]} -lt 2 ] && [[ " ${held[*]} " != *" $pid "* ]]; then kill -STOP "$pid" 2>/dev/null && held+=("$pid"); fi
  done < <(sed -n 's/^rank \([0-9]*\): started, process id \([0-9]*\).*/\1 \2/p' "$work/$name.log")
  if [ $turn -lt 2 ] && [ -s "$work/$name/drill/$turn" ]; then
    kill -9 "$(sed -n 's/.* by process //p' "$work/$name/drill/$turn")"
    turn=$((turn + 1))
  elif [ $turn -eq 2 ] && [ ${#held[@]} -eq 2 ] && [[ "$(sizes)" == *"2 "* ]]; then
    kill -CONT "${held[@]}"
    turn=3
  fi
  return 1
}
start "$work/$name.log" $olmo "${command[@]}"
node=$started
within "$node" "$work/$name.log" "$work/$name" shrink_and_grow || true
reap "$node"
[ "$code" -eq 0 ] || echo "$name: exit code $code"
went=$(sizes)
if [[ ! "$went" =~ ^4\ 3\ 2\ (3\ )?4 ]]; then echo "$name: the world went $went and not 4 3 2 4"; wrong=1; fi
compare "$name" 2 ": ${went// / }ranks"

done_kills=0
run=0
declare -A hit=()
next_kill() { due=$(awk -v n="$(now)" -v r=$RANDOM 'BEGIN { printf "%.3f", n + 0.4 + 1.6 * r / 32768 }'); }
# Kills one process of the node once the next kill is due and a world was formed. Never holds, so that the node is waited for.
kill_in_turn() {
  local victim pid
  if [ $here -ge 6 ] || awk -v n="$(now)" -v d="$due" 'BEGIN { exit !(n < d) }' || ! grep -q '^starts from\|^resumed\|^goes on' "$work/$name.part"; then return 1; fi
  case $((RANDOM % 8)) in
    0) victim=node; pid=$node ;;
    1) victim=coordinator; pid=$(pgrep -P "$node" -f 'olmo coordinator' || true) ;;
    *) victim=rank; pid=$(pgrep -P "$node" -f 'olmo rank' | shuf -n 1 || true) ;;
  esac
  if [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null; then done_kills=$((done_kills + 1)); here=$((here + 1)); hit[$victim]=$((${hit[$victim]:-0} + 1)); fi
  next_kill
  return 1
}
while [ "$done_kills" -lt "$kills" ]; do
  run=$((run + 1))
  name="kills$run"
  prepare "$name"
  : >"$work/$name.log"
  here=0
  code=1
  recipe "$name" --set ranks.count=4 --set ranks.spares=1 --set state.replicas=2
  while [ "$code" -ne 0 ]; do
    start "$work/$name.part" $olmo "${command[@]}"
    node=$started
    next_kill
    within "$node" "$work/$name.part" "$work/$name" kill_in_turn || true
    reap "$node"
    cat "$work/$name.part" >>"$work/$name.log"
    [ "$code" -eq 0 ] || [ "$code" -eq 137 ] || { tail -20 "$work/$name.log"; fail "$name: exit code $code"; }
  done
  compare "$name" 2 " after $here kills; $(grep -c '^goes on' "$work/$name.log" || true) worlds of survivors, $(grep -c '^resumed' "$work/$name.log" || true) from a checkpoint"
done
[ "$kills" -eq 0 ] || echo "killed at random: $(for v in "${!hit[@]}"; do printf '%s %s  ' "$v" "${hit[$v]}"; done)"
echo "ways to recover: $(for k in "${!kinds[@]}"; do printf '%s %s  ' "$k" "${kinds[$k]}"; done)"
echo "moments: $(for p in "${!phases[@]}"; do printf '%s %s  ' "$p" "${phases[$p]}"; done)"
for kind in AppliedBySurvivor CompleteBase PartialBase DonorDied Checkpoint; do
  [ -n "${kinds[$kind]:-}" ] || { echo "no recovery was of the kind $kind"; wrong=1; }
done
for phase in wait forward backward sums announced applying gather transfer stage shard-write; do
  [ -n "${phases[$phase]:-}" ] || { echo "the moment $phase was not hit"; wrong=1; }
done
echo "$equal of $total equal"
[ $equal -eq $total ] && [ $wrong -eq 0 ]
