#!/usr/bin/env bash
# One training step through the rank's own engine beside eager PyTorch: same shapes, same micro-batches, one update of 4 of them, alternating in one run, 1 and 2 threads.
# usage: bench/peer-step.sh [PYTHON_SCRIPT] [ROUNDS]      PYTHON: the interpreter that has torch (default /usr/bin/python3); WIDTHS=512 runs one shape; STEPS: counted steps
# The script prints one JSON line as Olmo.PeerStep does. Last line: per shape and thread count the ratio of tokens per second, both MFUs over the best sgemm of the run as the script
# measures it (the fastest of six of 1,536 x 1,536 before the steps and after them; ours, OpenBLAS's beside it, the peer's), and ours over the fastest product of any size that the engine found
# (a burst: some of 512 x 512 are over in 0.7 ms); per shape the peak resident bytes per parameter of both. Invalid, and says so, where the peer's MFU is below 0.45 (d 512) or 0.35 (d 768),
# or OpenBLAS is not installed. Exit code 1 then, where our MFU is below 0.80, and where our compute threads allocated on the managed heap inside a step. A machine that does anything else
# gives nonsense: the load is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
script=${1:-../shared/bench/torch_olmo2_step.py}
rounds=${2:-2}
steps=${STEPS:-3}     # counted steps of each run
widths=${WIDTHS:-512 768}
python=${PYTHON:-/usr/bin/python3}
[ -f "$script" ] || { echo "no peer script at $script"; exit 2; }
"$python" -c 'import torch' 2>/dev/null || { echo "$python has no torch: apt-get install python3-torch libopenblas0-openmp libjemalloc2"; exit 2; }
dotnet build bench/Olmo.PeerStep -c Release -v quiet --nologo >/dev/null
ours() { env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE dotnet bench/Olmo.PeerStep/bin/Release/net10.0/Olmo.PeerStep.dll "$@"; }
# The peer at its best. glibc gives every tensor above 32 MiB back to the kernel when it dies and faults it in again, zeroed, 4 KiB at a time, for the next one: 4 of 10
# processor seconds. jemalloc with one arena that keeps its pages, in huge pages, has no page fault after the first steps, and the least memory; without it (apt-get
# install libjemalloc2) glibc's heap, never trimmed, comes near. OpenBLAS on torch's own OpenMP threads: with the pthread build there are two pools, and the idle one spins
# on the other's processor. OPENBLAS_*: unset, so that the processor's own kernels run. PEER_ENV: further settings, "NAME=VALUE ...".
libraries=/usr/lib/$(uname -m)-linux-gnu
kept=(MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=34359738368 MALLOC_TOP_PAD_=268435456 GLIBC_TUNABLES=glibc.malloc.hugetlb=1)
if [ -f "$libraries/libjemalloc.so.2" ]; then
  kept=(LD_PRELOAD="$libraries/libjemalloc.so.2" MALLOC_CONF=thp:always,dirty_decay_ms:-1,muzzy_decay_ms:-1,narenas:1)
fi
blas=()
[ -d "$libraries/openblas-openmp" ] && blas=(LD_LIBRARY_PATH="$libraries/openblas-openmp")
read -r -a extra <<<"${PEER_ENV:-}"
with_peer() { env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS="$threads" "${blas[@]}" "$@"; }
peer() { with_peer "${kept[@]}" "${extra[@]}" "$python" "$script" "$@"; }
# Most bytes that the peer held at once: the lower of the allocator above and malloc as it comes.
peer_memory() {
  local run=("$python" -c '
import resource, runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)' "$script" "$@")
  { with_peer "${kept[@]}" "${run[@]}" | tail -1; with_peer "${run[@]}" | tail -1; } | sort -g | head -1
}
field() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" <<<"$2"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

summary=""
failed=0
echo "peer: ${kept[*]} ${blas[*]} ${extra[*]}"
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg) on $(nproc) processors"
for shape in "512 8 8 2048 8192 512 4 0.45" "768 12 12 3072 16384 1024 2 0.35"; do
  read -r d layers heads ffn vocab seq batch bar <<<"$shape"
  [[ " $widths " == *" $d "* ]] || continue
  for threads in 1 2; do
    options=(--d "$d" --layers "$layers" --heads "$heads" --ffn "$ffn" --vocab "$vocab" --seq "$seq" --batch "$batch" --threads "$threads" --accumulate 4 --warmup 2 --steps "$steps")
    a=(); b=()
    for ((r = 0; r < rounds; r++)); do
      line=$(peer "${options[@]}"); echo "$line"; b+=("$line")
      line=$(ours "${options[@]}") || failed=1
      echo "$line"; a+=("$line")
    done
    peak=$(for l in "${a[@]}" "${b[@]}"; do field sgemm_gflops "$l"; done | sort -g | tail -1)
    at=$(for l in "${a[@]}"; do field tokens_per_s "$l"; done | median); bt=$(for l in "${b[@]}"; do field tokens_per_s "$l"; done | median)
    ag=$(for l in "${a[@]}"; do field gflops "$l"; done | median); bg=$(for l in "${b[@]}"; do field gflops "$l"; done | median)
    burst=$(for l in "${a[@]}"; do field burst_gflops "$l"; done | sort -g | tail -1)
    part=$(awk -v a="$at" -v b="$bt" -v ag="$ag" -v bg="$bg" -v p="$peak" -v u="$burst" -v d="$d" -v t="$threads" -v bar="$bar" \
      'BEGIN { printf "d%s t%s ratio %.2f MFU %.2f vs %.2f (over bursts %.2f)%s", d, t, a / b, ag / p, bg / p, ag / u, (bg / p < bar ? " INVALID: the peer is below " bar : ag / p < 0.8 ? " MISSED: below 0.80" : "") }')
    [[ ${a[0]} == *'"not installed"'* ]] && part+=" INVALID: no OpenBLAS"
    echo "$part"
    [[ $part == *INVALID* || $part == *MISSED* ]] && failed=1
    summary+="${summary:+; }$part"
  done
  held=$(for l in "${a[@]}"; do field peak_bytes "$l"; done | sort -g | tail -1)
  theirs=$(peer_memory "${options[@]}" --accumulate 1 --warmup 1 --steps 1)
  part=$(awk -v d="$d" -v n="$(field params "${a[0]}")" -v m="$(field params "${b[0]}")" -v a="$held" -v b="$theirs" \
    'BEGIN { printf "d%s peak bytes per parameter %.1f vs %.1f, ratio %.2f", d, a / n, b / m, (a / n) / (b / m) }')
  echo "$part"
  summary+="; $part"
done
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"
echo "$summary"
exit $failed
