#!/usr/bin/env bash
# Trains a tiny OLMo 2 on sequences whose second half repeats a random first half. Last line: the loss of both halves on sequences never seen; exit code 1 unless the second
# half is below 0.1 nat while the first stays within 0.1 of ln V. Bounded by ten minutes.
set -euo pipefail
cd "$(dirname "$0")/Olmo.Induction"
timeout -k 10 300 dotnet build -c Release -v quiet --nologo >/dev/null
exec timeout -k 10 600 dotnet bin/Release/net10.0/Olmo.Induction.dll
