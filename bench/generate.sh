#!/usr/bin/env bash
# Cached decoding of one sequence with packed weights of at least 500 MB a token, fp32 and bf16, at the width of OLMo 2 1B and at half of it: bytes of weights read per token over the bandwidth
# with which the same threads read a buffer of as many bytes, in turns, medians and best; after a short and after a long prompt (keys and values are not counted, but in the last column); the
# products alone; a prompt's rate over the best matrix product of the same run. How the buffer is read (streams, pieces) is tried at first: the fastest way counts.
#   bench/generate.sh [--threads N] [--width avx2] [--only "width 2048"]      default 1 and 2 threads; about 2 minutes
# Last line: all ratios. Aim: 0.90 of the bandwidth.
set -euo pipefail
cd "$(dirname "$0")/Olmo.Bench"
dotnet build -c Release -v quiet --nologo >&2
exec dotnet bin/Release/net10.0/Olmo.Bench.dll generate "$@"
