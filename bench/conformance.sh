#!/usr/bin/env bash
# Imports every model folder of the reference data by `olmo import`, exports and imports it again, and compares logits, losses, gradients, training, document masking, accumulation and
# greedy generation with the reference implementation's. Ends with "N of N within bounds"; exit code 1 otherwise.
# usage: bench/conformance.sh [REFERENCE_DATA]     (default: $OLMO_REFERENCE_DATA, else ../shared/data beside the checkout)
set -euo pipefail
cd "$(dirname "$0")/.."
data="${1:-${OLMO_REFERENCE_DATA:-../shared/data}}"
[ -d "$data/golden/models" ] || { echo "$data has no golden/models: give the folder of the reference data" >&2; exit 2; }
dotnet build src/Olmo.Host -c Release -v q --nologo >&2
dotnet build bench/Olmo.Conformance -c Release -v q --nologo >&2
olmo=src/Olmo.Host/bin/Release/net10.0/olmo
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for config in "$data"/golden/models/*/config.json; do
  name="$(basename "$(dirname "$config")")"
  "$olmo" import "$data/golden/models/$name" --to "$work/$name" >"$work/log" || { cat "$work/log"; exit 1; }
  "$olmo" export "$work/$name" --to "$work/$name.out" --max-shard-size 100kB >"$work/log" || { cat "$work/log"; exit 1; }
  "$olmo" import "$work/$name.out" --to "$work/$name.back" >"$work/log" || { cat "$work/log"; exit 1; }
done
bench/Olmo.Conformance/bin/Release/net10.0/Olmo.Conformance models "$data" "$work"
