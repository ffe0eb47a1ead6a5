#!/usr/bin/env bash
# Storms of deaths (scenario F48): `kill -9` by a Poisson process, 6 steps apart in the mean (two ranks, R = 2), then 1 step apart (three ranks, R = 3), one spare kept refilled, a checkpoint every second step, victims drawn
# uniformly from the world's living ranks. An attempt ends with its generation. Prints committed over attempted, productive over wall time, fallbacks to a checkpoint; compares
# the final weights with those of a quiet run; says INVALID where a step is shorter than 5 times the median stall with a spare, which the figures need.
#   bench/storm.sh [STEPS] [--only 6|1] [--sequence T] [--sequences N] [--model small|large] [--keep]      default 300 steps each of a small model with long sequences, about 100 minutes
# Bars: committed / attempted at least 0.97 x exp(-1/6), then 0.85 x exp(-1). Last line: the figures, and passed or FAILED (exit code 1).
set -euo pipefail
cd "$(dirname "$0")/.."
steps=300
if [[ ${1:-} =~ ^[0-9]+$ ]]; then steps=$1; shift; fi
[ -n "${OLMO_IS_BUILT:-}" ] || dotnet build src/Olmo.Host -c Release -v quiet --nologo >&2
dotnet build bench/Olmo.Recovery -c Release -v quiet --nologo >&2
exec dotnet bench/Olmo.Recovery/bin/Release/net10.0/Olmo.Recovery.dll storm --steps "$steps" "$@"
