#!/usr/bin/env bash
# The data plane over loopback TCP: bytes per second one way and both ways at 64 KiB, 1 MiB and 16 MiB beside a plain blocking socket loop (same process, alternating,
# median of 5) with processor seconds per GB, an all-gather of 100-byte announcements among 4 ranks, and the time in which an abort releases every waiter.
#   bench/mesh.sh [--buffer BYTES] [--aborts N] [--gathers N] [--only throughput|gather|abort]
# Last line: p99 of the aborts, and the exchange's GB/s with its ratio to plain sockets.
set -euo pipefail
cd "$(dirname "$0")/Olmo.Mesh"
dotnet build -c Release -v quiet --nologo >&2
exec dotnet bin/Release/net10.0/Olmo.Mesh.dll "$@"
