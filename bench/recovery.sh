#!/usr/bin/env bash
# What the death of a rank costs: `olmo run` with two rank processes of one thread, R = 2, a model of 42.6 M parameters and short sequences; `kill -9` of a rank, uniformly chosen, at
# times that are uniform over a step, many in one run: with a warm spare, without one (the world goes on smaller; its replacement is held back for two steps), and without one but
# respawned. Prints per part of the stall median, 95th percentile and largest.
#   bench/recovery.sh [KILLS] [--only spare,shrink,respawn] [--model small] [--keep]      default 30 kills each; about 5 minutes for each kind
# stall = the time between the steps around the kill less a quiet step's, the median of the same run; without redo = from the signal until the new world was ready. All that others do
# on the machine is in the figures: the load is printed. Last line: the stall without redo with a spare, beside the aim.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=30
if [[ ${1:-} =~ ^[0-9]+$ ]]; then kills=$1; shift; fi
[ -n "${OLMO_IS_BUILT:-}" ] || dotnet build src/Olmo.Host -c Release -v quiet --nologo >&2
dotnet build bench/Olmo.Recovery -c Release -v quiet --nologo >&2
exec dotnet bench/Olmo.Recovery/bin/Release/net10.0/Olmo.Recovery.dll recovery --kills "$kills" "$@"
