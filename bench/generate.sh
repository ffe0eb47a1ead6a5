#!/usr/bin/env bash
# Cached decoding of one sequence with weights in the order in which they are read, 684 MB in fp32 and half of that in bf16: bytes of weights read per token over the bandwidth with which the
# same threads read a buffer of as many bytes, in turns, median and best; a prompt's rate over the best matrix product of the same run.
#   bench/generate.sh [--threads N] [--width avx2]      default 1 and 2 threads; about 2 minutes
# Last line: the figures of the last case. Aim: 0.90 of the bandwidth.
set -euo pipefail
cd "$(dirname "$0")/Olmo.Bench"
dotnet build -c Release -v quiet --nologo >&2
exec dotnet bin/Release/net10.0/Olmo.Bench.dll generate "$@"
