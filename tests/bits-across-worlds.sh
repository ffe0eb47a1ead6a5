#!/usr/bin/env bash
# The same bits for every world: the shortened quickstart with 1 to 4 rank processes, 1 to 3 replicas and micro-batches of 1 and 4, then runs of 4 ranks with one spare in which a rank, the
# coordinator or the whole node is killed by SIGKILL at random moments. Compares the SHA-256 of the final weights and of every shard file of the last checkpoint with those of a
# run in one process.
# usage: tests/bits-across-worlds.sh [KILLS] [SEED]      default 25 kills
# Last line: "N of N equal".
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-25}
RANDOM=${2:-7}
# shellcheck source=tests/bounded.sh
. tests/bounded.sh
built
recipe() { # NAME ARGS...
  local name=$1; shift
  echo run hocon/quickstart.conf --set run.name="$name" --set run.folder="$work/$name" --set run.steps=60 --set checkpoint.interval=10 --set checkpoint.max-lag=0 \
    --set tokenizer.vocabulary=1024 --set tokenizer.max-bytes=2000000 --set model.width=64 --set model.layers=2 --set model.ffn=192 --set batch.sequence-length=128 \
    --set batch.groups=12 --set batch.sequences-per-group=4 --set state.shards=16 --set evaluation.max-tokens=4096 --set sample.prompt= --set schedule.warmup-steps=5 \
    --set supervision.max-faults=1000 --set ranks.threads=1 "$@"
}
prepare() { mkdir -p "$work/$1"; [ ! -d "$work/data" ] || cp -r "$work/data" "$work/$1/data"; }
digests() { # NAME: of the weights, and of all shard files of the last checkpoint
  weights "$work/$1.log"
  $olmo checkpoint describe "$work/$1" --step 60 | sed -n 's/^ *[0-9]* .* bytes  //p'
}
equal=0
total=0
compare() {
  total=$((total + 1))
  if [ "$(digests "$1")" = "$expected" ]; then equal=$((equal + 1)); echo "$1: equal$2"; else echo "$1: DIFFERENT$2"; tail -20 "$work/$1.log"; fi
  rm -rf "${work:?}/$1"
}

# shellcheck disable=SC2046
bounded "$work/one.log" "$work/one" $olmo $(recipe one)
[ "$code" -eq 0 ] || { cat "$work/one.log"; fail "the run in one process failed"; }
expected=$(digests one)
[ "$(wc -l <<<"$expected")" -eq 17 ] || fail "expected the digests of the weights and of 16 shards, found: $expected"
mv "$work/one/data" "$work/data"
echo "one process: weights ${expected%%$'\n'*}"

for world in "1 1 1" "2 1 4" "2 2 1" "3 1 1" "3 2 4" "3 3 1" "4 1 4" "4 2 1" "4 3 4"; do
  read -r ranks replicas micro <<<"$world"
  name="ranks$ranks-replicas$replicas-micro$micro"
  prepare "$name"
  # shellcheck disable=SC2046
  bounded "$work/$name.log" "$work/$name" \
    $olmo $(recipe "$name" --set ranks.count="$ranks" --set ranks.processes=true --set state.replicas="$replicas" --set compute.micro-batch="$micro")
  [ "$code" -eq 0 ] || echo "$name: exit code $code"
  compare "$name" ""
done

done_kills=0
run=0
declare -A hit
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
  while [ "$code" -ne 0 ]; do
    # shellcheck disable=SC2046
    start "$work/$name.part" $olmo $(recipe "$name" --set ranks.count=4 --set ranks.spares=1 --set state.replicas=2)
    node=$started
    next_kill
    within "$node" "$work/$name.part" "$work/$name" kill_in_turn || true
    reap "$node"
    cat "$work/$name.part" >>"$work/$name.log"
    [ "$code" -eq 0 ] || [ "$code" -eq 137 ] || { tail -20 "$work/$name.log"; fail "$name: exit code $code"; }
  done
  compare "$name" " after $here kills; $(grep -c '^goes on' "$work/$name.log" || true) worlds of survivors, $(grep -c '^resumed' "$work/$name.log" || true) from a checkpoint"
done
echo "killed: $(for v in "${!hit[@]}"; do printf '%s %s  ' "$v" "${hit[$v]}"; done)"
echo "$equal of $total equal"
[ $equal -eq $total ]
