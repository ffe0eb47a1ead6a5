#!/usr/bin/env bash
# Matrix multiplications beside OpenBLAS (Debian: libopenblas0-pthread), same process, alternating. Options go to the program:
#   bench/kernels.sh [--threads N] [--seconds S] [--only TEXT] [--width avx2]
# OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE would force other kernels than OpenBLAS chooses for this processor. THREAD_TIMEOUT (2^20 cycles instead of 2^26) lets
# its idle threads sleep, so that they do not spin on a core while ours are measured.
set -euo pipefail
cd "$(dirname "$0")/Olmo.Bench"
dotnet build -c Release -v quiet --nologo
exec env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_THREAD_TIMEOUT=20 dotnet bin/Release/net10.0/Olmo.Bench.dll gemm "$@"
