#!/usr/bin/env bash
# Simulates worlds of ranks: random histories of kills, freezes and thaws, growth, flipped bits and coordinators that fail, in virtual time; the checks (a) to (e) of the step
# protocol after every event. Then every rule of the protocol is switched off, one at a time, and must be found out. A violating history prints its trace and its seed.
# usage: tests/simulate.sh [HISTORIES] [SEED]      default: 100000 histories from seed 1; the same seed gives the same histories
# Last line: "N histories clean, M of M planted bugs found within 5000". Exit code 1 on a violation or where a switched-off rule is not found.
set -euo pipefail
cd "$(dirname "$0")/../bench/Olmo.Simulation"
dotnet build -c Release -v quiet --nologo >&2
exec dotnet bin/Release/net10.0/Olmo.Simulation.dll "$@"
