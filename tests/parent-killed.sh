#!/usr/bin/env bash
# Kills only the `dotnet run` above a run, with SIGKILL: the run saves its state and ends by itself, the same command - given at once - waits for it, goes on, and ends with the
# weights of an unbroken run. Also: a second `olmo run` of a living run is refused and names its process; SIGTERM saves and exits 4. Last line `1 of 1 equal`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build src/Olmo.Host -c Release -v quiet --nologo >/dev/null
olmo=src/Olmo.Host/bin/Release/net10.0/olmo
recipe() {
  echo run hocon/quickstart.conf --set run.name="$1" --set run.folder="$work/$1" --set run.steps=300 --set checkpoint.interval=50 --set tokenizer.vocabulary=1024 \
    --set model.width=64 --set model.layers=2 --set model.ffn=192 --set state.shards=16 --set evaluation.max-tokens=4096 --set sample.prompt=""
}
weights() { sed -n 's/^weights sha256 //p' "$1" | tail -1; }
wait_for_step() { # TRACE STEP, bounded
  for ((i = 0; i < 1200; i++)); do grep -q " step $2$" "$1" 2>/dev/null && return 0; sleep 0.05; done
  echo "step $2 did not come"; return 1
}
# shellcheck disable=SC2046
$olmo $(recipe quiet) >"$work/quiet.log" 2>&1
expected=$(weights "$work/quiet.log")

dotnet run -c Release --no-build --project src/Olmo.Host -- $(recipe orphan) >"$work/orphan.1.log" 2>&1 &
parent=$!
wait_for_step "$work/orphan/trace.log" 60
child=$(pgrep -P $parent | head -1)
code=0; said=$($olmo $(recipe orphan) 2>&1) || code=$?
if [ $code -ne 2 ] || [[ $said != *"process $child"* ]]; then echo "a second run was not refused by the id $child: exit $code: $said"; exit 1; fi
echo "second run: $said"
kill -9 $parent
wait $parent 2>/dev/null || true
$olmo $(recipe orphan) >"$work/orphan.2.log" 2>&1 &
second=$!
for ((i = 0; i < 1200; i++)); do grep -q "^resumed from step" "$work/orphan.2.log" && break; sleep 0.05; done
grep -E "^process .* lost|^resumed from step" "$work/orphan.2.log" || true
wait_for_step "$work/orphan/trace.log" 200
kill -TERM $second
code=0; wait $second || code=$?
echo "SIGTERM: exit $code, $(grep '^stopped at step' "$work/orphan.2.log")"
[ $code -eq 4 ] || { tail -3 "$work/orphan.2.log"; exit 1; }
$olmo $(recipe orphan) >"$work/orphan.3.log" 2>&1
found=$(weights "$work/orphan.3.log")
[ "$found" = "$expected" ] && echo "1 of 1 equal" || { echo "weights $found, expected $expected"; echo "0 of 1 equal"; exit 1; }
