#!/usr/bin/env bash
# What protection costs in steps that nothing hits: two ranks of one thread with R = 2, announcements, digests, heartbeats, checkpoints and audits, beside the same ranks with R = 1 and none of
# these, and one rank of two threads; 42.5 M parameters, G = 12, one sequence of 512 a group. The three runs stand side by side and go on in turns of a quarter of a second (those that wait are
# stopped), so that what slows the machine slows all of them. Checkpoints and audits come every 10 steps, and whole periods are compared; of five audits, one is priced. Announcements and digests
# stay in the run without protection, which decides steps by them: their time is measured by itself and added.
#   bench/protection-cost.sh [PERIODS] [--model small]      default 4 periods of 10 steps after 2 to warm up; about 13 minutes on a quiet machine
# Last line: share of the step in wall and processor time; 2 x 1 over 1 x 2. Fails above 3 % of the wall time, or below 0.95.
set -euo pipefail
cd "$(dirname "$0")/.."
periods=4
if [[ ${1:-} =~ ^[0-9]+$ ]]; then periods=$1; shift; fi
[ -n "${OLMO_IS_BUILT:-}" ] || dotnet build src/Olmo.Host -c Release -v quiet --nologo >&2
dotnet build bench/Olmo.Recovery -c Release -v quiet --nologo >&2
exec dotnet bench/Olmo.Recovery/bin/Release/net10.0/Olmo.Recovery.dll cost --periods "$periods" "$@"
