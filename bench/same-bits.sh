#!/usr/bin/env bash
# Trains tiny models (sizes are multiples of nothing) for 5 steps in every hardware mode x 1 and 2 threads x micro-batch 1, 2, 4 x 1 to 4 virtual ranks in 1 and 2
# replicas, and compares the hashes of gradients, weights and shard files. The same models with compute.dtype = bfloat16 (-bf16) at fewer ranks.
#   bench/same-bits.sh            everything: 728 lines, about 45 minutes of processor time; a line a result, so that one sees how far it is
#   bench/same-bits.sh --quickstart  only the quickstart's model, in the two vector modes: 8 lines
#   bench/same-bits.sh --quick    a part of it, below 3 minutes on 2 cores
#   bench/same-bits.sh --red      plants a bug (k loops split in two where 2 threads are used): must end with exit code 1
#   JOBS=N           so many processes at once, a model and micro-batch each (default 1: one a mode); OLMO_SAMEBITS=PROGRAM: Olmo.SameBits, built elsewhere
#   KEEP=FILE        keeps the lines: two machines have the same bits where their files, sorted, are equal
# Last line: "N of N equal". Exit code 1 where a line differs from the first of its model.
set -euo pipefail
keep=${KEEP:+$(realpath -m "$KEEP")}
cd "$(dirname "$0")/Olmo.SameBits"
kind=${1:-all}
if [ -n "${OLMO_SAMEBITS:-}" ]; then
  program=("$OLMO_SAMEBITS")
else
  dotnet build -c Release -v quiet --nologo >&2
  program=(dotnet bin/Release/net10.0/Olmo.SameBits.dll)
fi
jobs=${JOBS:-1}
lines=${keep:-$(mktemp)}
: >"$lines"
[ -n "$keep" ] || trap 'rm -f "$lines"' EXIT
trap 'echo "interrupted after $(wc -l <"$lines") lines" >&2; exit 130' INT TERM

tiny=olmo1-tied,olmo2-gqa-documents,olmo2-tied-weighted
half=${tiny//,/-bf16,}-bf16
avx512=$(grep -q avx512dq /proc/cpuinfo && echo 512 || echo 256)

# mode NAME EXPECTED_WIDTH VARIABLE=0 OPTIONS...
mode() {
  local name=$1 width=$2 variable=$3
  shift 3
  if [ "$jobs" -eq 1 ]; then
    one "$name" "$width" "$variable" "$@"
    return
  fi
  local models=$2 micro=1,2,4 rest=()
  shift 2
  while [ $# -gt 0 ]; do
    if [ "$1" = --micro ]; then micro=$2; else rest+=("$1" "$2"); fi
    shift 2
  done
  for m in ${models//,/ }; do
    for b in ${micro//,/ }; do
      while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n || true
      done
      { one "$name" "$width" "$variable" --models "$m" --micro "$b" "${rest[@]}" || echo "failed: mode $name, model $m, micro-batch $b" >>"$lines"; } &
    done
  done
}

# One process.
one() {
  local name=$1 width=$2 variable=$3
  shift 3
  env "$variable" "${program[@]}" --expect "$width" "$@" | sed -u "s/^/mode=$name /" | tee -a "$lines"
}

quickstart() {
  mode avx512        "$avx512" OLMO_MODE=widest           --models quickstart --micro 1 --worlds 1x1,3x2
  mode avx2          256       DOTNET_EnableAVX512=0      --models quickstart --micro 1 --worlds 1x1,3x2
}

case $kind in
  all)
    mode avx512        "$avx512" OLMO_MODE=widest           --models "$tiny"
    mode avx2          256       DOTNET_EnableAVX512=0      --models "$tiny"
    mode no-avx2       none      DOTNET_EnableAVX2=0        --models "$tiny"
    mode no-intrinsics none      DOTNET_EnableHWIntrinsic=0 --models "$tiny"
    mode avx512        "$avx512" OLMO_MODE=widest           --models "$half" --worlds 1x1,3x1,4x2
    mode avx2          256       DOTNET_EnableAVX512=0      --models "$half" --worlds 1x1,3x1,4x2
    mode no-avx2       none      DOTNET_EnableAVX2=0        --models "$half" --worlds 1x1,3x1,4x2
    mode no-intrinsics none      DOTNET_EnableHWIntrinsic=0 --models "$half" --worlds 1x1,3x1,4x2
    quickstart
    ;;
  --quickstart)
    quickstart
    ;;
  --quick)
    mode avx512        "$avx512" OLMO_MODE=widest           --models "$tiny" --micro 1,4 --worlds 1x1,4x1,3x2
    mode avx2          256       DOTNET_EnableAVX512=0      --models "$tiny" --micro 2   --worlds 1x1,3x1,4x2
    mode avx512        "$avx512" OLMO_MODE=widest           --models "$half" --micro 1   --worlds 1x1,3x2
    mode avx2          256       DOTNET_EnableAVX512=0      --models "$half" --micro 4   --threads 2 --worlds 2x1
    mode no-avx2       none      DOTNET_EnableAVX2=0        --models "$tiny" --micro 4 --threads 2 --worlds 2x1
    mode no-avx2       none      DOTNET_EnableAVX2=0        --models olmo2-gqa-documents-bf16 --micro 2 --threads 2 --worlds 2x1
    mode no-intrinsics none      DOTNET_EnableHWIntrinsic=0 --models olmo2-gqa-documents --micro 2 --threads 2 --worlds 2x2
    ;;
  --red)
    export OLMO_SAMEBITS_SPLIT_K=1
    mode avx512        "$avx512" OLMO_MODE=widest           --models "$tiny" --micro 2 --worlds 1x1,2x1
    ;;
  *)
    echo "unknown option $kind" >&2
    exit 2
    ;;
esac

wait
# Lines are compared with the first of their model.
awk '
  /^failed/ { print; total++; next }
  { for (i = 1; i <= NF; i++) { split($i, p, "="); v[p[1]] = p[2] }
    hash = v["gradients"] " " v["weights"] " " v["shards"]
    if (!(v["model"] in first)) first[v["model"]] = hash
    total++
    if (hash == first[v["model"]]) equal++; else print "differs: " $0 }
  END { printf "%d of %d equal\n", equal, total; exit !(total > 0 && equal == total) }
' "$lines"
