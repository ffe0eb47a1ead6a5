#!/usr/bin/env bash
# Ten mistyped or wrong recipes and what `olmo run` says of them: exit code 2, the place and the key. Last line `10 of 10 refused with place and key`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build src/Olmo.Host -c Release -v quiet --nologo >/dev/null
olmo=src/Olmo.Host/bin/Release/net10.0/olmo
refused=0
total=0
# try LINE KEY [OPTIONS...]
try() {
  local line=$1 key=$2; shift 2
  total=$((total + 1))
  printf '# a recipe\n%s\n' "$line" >"$work/my.conf"
  local code=0 said
  said=$($olmo run "$work/my.conf" --set run.folder="$work/run" "$@" 2>&1) || code=$?
  said=${said//$work\//}
  printf '%-44s -> %s\n' "${line:-$*}" "$said"
  if [ $code -eq 2 ] && [[ $said == *"$key"* ]] && [[ $said == *my.conf:2* || $said == *--set* || $said == *reference.conf:* ]]; then refused=$((refused + 1)); fi
}
try 'optimiser.learning-rate = 1e-3' optimizer.learning-rate
try 'model.widht = 64' model.width
try 'checkpoint { intervall = 5 }' checkpoint.interval
try 'model.width = wide' model.width
try 'batch.groups = 0' batch.groups
try 'data.source = csv' data.source
try 'model.heads = 3' model.heads
try 'checkpoint.garbage-grace = 10 parsecs' checkpoint.garbage-grace
try 'optimizer.beta1 = 1.5' optimizer.beta1
try '' model.widht --set model.widht=3
echo "$refused of $total refused with place and key"
[ $refused -eq $total ]
