#!/usr/bin/env bash
# Mistyped or wrong recipes and what `olmo run` says of them: exit code 2, the key, and the place where the user wrote it - file and line of their recipe, or --set, never a line of
# reference.conf. Last line `N of N refused with the key and its place in the user's recipe`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/bounded.sh
. tests/bounded.sh
built
refused=0
total=0
# try LINE KEY [OPTIONS...]
try() {
  local line=$1 key=$2 place said
  shift 2
  total=$((total + 1))
  place=my.conf:2
  if [ -z "$line" ]; then place=--set; fi
  printf '# a recipe\n%s\n' "$line" >"$work/my.conf"
  bounded "$work/said" "" $olmo run "$work/my.conf" --set run.folder="$work/run" "$@"
  said=$(<"$work/said")
  said=${said//$work\//}
  printf '%-44s -> %s\n' "${line:-$*}" "$said"
  if [ "$code" -eq 2 ] && [[ $said == *"$key"* ]] && [[ $said == *"$place"* ]] && [[ $said != *reference.conf:* ]]; then refused=$((refused + 1)); else echo "  NOT as it must be (exit code $code)"; fi
}
try 'optimiser.learning-rate = 1e-3' optimizer.learning-rate
try 'model.widht = 64' model.width
try 'checkpoint { intervall = 5 }' checkpoint.interval
try 'model.width = wide' model.width
try 'batch.groups = 0' batch.groups
try 'data.source = csv' data.source
try 'data.source = jsonl' data.path
try 'model.heads = 3' model.heads
try 'model.width = 66' model.width
try 'model.kv-heads = 3' model.kv-heads
try 'compute.micro-batch = 2' compute.micro-batch
try 'compute.device = gpu' compute.device
try 'checkpoint.garbage-grace = 10 parsecs' checkpoint.garbage-grace
try 'optimizer.beta1 = 1.5' optimizer.beta1
try '' model.widht --set model.widht=3
try '' model.width --set model.width=66
echo "$refused of $total refused with the key and its place in the user's recipe"
[ $refused -eq $total ]
