#!/usr/bin/env bash
# The kernel table: what each kernel of a training step achieves over what bounds it, in turns in one process, for 1 and 2 threads, at the two shapes of bench/peer-step.sh. Matrix products (all
# three transpositions at every shape of the model) over OpenBLAS's of the same operands; attention over the best square product; the rest, as bytes that must be read and written once, over
# copying (or, where nothing is written, reading) a buffer of as many bytes. Medians of ratios of pairs.
#   bench/kernels.sh [--quick] [--only TEXT] [--threads N] [--seconds S] [--width avx2]      about 3 minutes, --quick about 1
#   bench/kernels.sh --statistics [--filter '*SwiGLU*']      the same kernels by BenchmarkDotNet: spread and allocations of each by itself
# Last line: the worst of each kind; exit code 1 where a product is below 0.95 of OpenBLAS. Without OpenBLAS (Debian: libopenblas0-pthread) the run says that it is invalid, exit code 1. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE would force other kernels
# than OpenBLAS chooses for this processor. THREAD_TIMEOUT (2^20 cycles instead of 2^26) lets its idle threads sleep, so that they do not spin on a core while ours are measured.
set -euo pipefail
cd "$(dirname "$0")/Olmo.Bench"
dotnet build -c Release -v quiet --nologo >&2
table=kernels
if [ "${1:-}" = --statistics ]; then
  table=statistics
  shift
  [ $# -gt 0 ] || set -- --filter '*'
fi
[ "$table" = statistics ] || echo "load before: $(cut -d' ' -f1-3 /proc/loadavg) on $(nproc) processors"
exec env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_THREAD_TIMEOUT=20 dotnet bin/Release/net10.0/Olmo.Bench.dll "$table" "$@"
