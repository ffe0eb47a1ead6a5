#!/usr/bin/env bash
# Runs all golden tokenizer cases of the reference data and measures the speed of one thread.
# usage: bench/conformance-tokenizers.sh [REFERENCE_DATA]     (default: $OLMO_REFERENCE_DATA, else ../shared/data beside the checkout)
set -euo pipefail
cd "$(dirname "$0")/.."
data="${1:-${OLMO_REFERENCE_DATA:-../shared/data}}"
[ -d "$data/golden/tokenizers" ] || { echo "$data has no golden/tokenizers: give the folder of the reference data" >&2; exit 2; }
exec dotnet run --project bench/Olmo.Conformance -c Release -- "$data"
