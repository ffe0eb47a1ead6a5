#!/usr/bin/env bash
# What protection costs in steps that nothing hits: two ranks of one thread with R = 2, announcements, digests, heartbeats, a checkpoint every 10 steps and an audit every 50, beside the same ranks with R = 1
# and none of these, in turns; 42.6 M parameters, G = 12, one sequence of 512 a group. Announcements and digests stay in the latter, which decides steps by them: their time inside a
# step is measured by itself and added. A run has one checkpoint and one audit on its way, each priced by itself. Also: what a checkpoint adds to the step that stages it, one rank of two threads beside two of one, and the sums in fixed point.
#   bench/protection-cost.sh [ROUNDS] [--steps N] [--model small]      default 3 rounds of 9 steps each; about 10 minutes
# Last line: share of the step's time and seconds; the share of a checkpoint; 2 x 1 over 1 x 2.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=3
if [[ ${1:-} =~ ^[0-9]+$ ]]; then rounds=$1; shift; fi
[ -n "${OLMO_IS_BUILT:-}" ] || dotnet build src/Olmo.Host -c Release -v quiet --nologo >&2
dotnet build bench/Olmo.Recovery -c Release -v quiet --nologo >&2
exec dotnet bench/Olmo.Recovery/bin/Release/net10.0/Olmo.Recovery.dll cost --rounds "$rounds" "$@"
