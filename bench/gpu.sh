#!/usr/bin/env bash
# Training on a CUDA device: whole models against the processor and the reference data, equal bits, every operation over what bounds it, and steps of OLMo 2 1B and of the most layers of OLMo 2 7B
# that fit, in bf16, beside transformers' Olmo2ForCausalLM on the same device, eager and compiled.
# usage: bench/gpu.sh [PART ...]      parts: check gradients bits kernels measure peer wide; default all. A part that misses a bar is named at the end, exit code 1; the others run all the same.
#   gradients: what bf16 costs PyTorch's gradients of the reference data's models, beside ours in check
#   DEVICE=cuda:0      "cpu" runs the program without a GPU: that it runs is all that is seen then, at tiny sizes
#   GOLDEN=FOLDER      models of the reference data (default: golden/models below $OLMO_REFERENCE_DATA, else ../shared/data; none: check leaves them out)
#   OLMO_GPU=PROGRAM   Olmo.Gpu, built elsewhere; default: built here with dotnet
#   PYTHON=python3     that has torch and transformers; without them the peer is left out, which is said
#   SIZE="--size olmo2-1b --groups 4 --sequences 4 --micro-batch 4"   of kernels and measure; PEER_SECONDS=240 (of each size); KERNEL_CACHE=FOLDER of compiled kernels, so that they are compiled once
#   WIDE="--size olmo2-7b --recompute --groups 4 --sequences 2 --micro-batch 2"   of wide, with the first of WIDE_LAYERS="28 27 26 ..." that fits
#   SECONDS_OF_PART=300   a part of ours that takes longer is ended
# Last line: tokens per second of ours and of the peer, and their ratio, of both sizes. Exit code 3: there is no CUDA device, or a library of the driver or of CUDA's toolkit.
set -uo pipefail
cd "$(dirname "$0")/.."
device=${DEVICE:-cuda:0}
python=${PYTHON:-python3}
bound=${SECONDS_OF_PART:-300}
parts=("$@")
[ $# -gt 0 ] || parts=(check gradients bits kernels measure peer wide)
golden=${GOLDEN:-${OLMO_REFERENCE_DATA:-../shared/data}/golden/models}
size=${SIZE:---size olmo2-1b --groups 4 --sequences 4 --micro-batch 4}
[ "$device" = cpu ] && size=${SIZE:---size olmo2-1b --layers 2 --width 128 --vocabulary 1003 --sequence 96 --groups 4 --sequences 2 --micro-batch 2 --product 512 --copy-mib 64}

# CUDA's libraries may lie where the loader does not look: with the toolkit, or with Python's packages.
search=${LD_LIBRARY_PATH:-}
OLMO_CUDA_PATH=${OLMO_CUDA_PATH:-}
find_library() {
  local folder
  for folder in ${search//:/ } ${OLMO_CUDA_PATH//:/ }; do
    [ -e "$folder/$1" ] && return
  done
  ldconfig -p 2>/dev/null | grep -F "$1" >/dev/null && return
  for folder in /usr/local/nvidia/lib* /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib $("$python" -c 'import glob, site
print(*(d for s in site.getsitepackages() for d in glob.glob(s + "/nvidia/*/lib")))' 2>/dev/null); do
    if [ -e "$folder/$1" ]; then
      search=${search:+$search:}$folder
      echo "$1: $folder"
      return
    fi
  done
  return 1
}

peer_path=${LD_LIBRARY_PATH:-} # torch finds its own
if [ "$device" != cpu ]; then
  find_library libcuda.so.1 || { echo "no CUDA device: there is no libcuda.so.1 of NVIDIA's driver"; exit 3; }
  for library in libnvrtc.so.13 libcublasLt.so.13; do
    find_library $library || true # the program says what is missing
  done
  [ -z "$search" ] || export LD_LIBRARY_PATH=$search
  command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total,memory.used,clocks.sm,power.limit --format=csv,noheader
fi

if [ -n "${OLMO_GPU:-}" ]; then
  program=("$OLMO_GPU")
else
  dotnet build bench/Olmo.Gpu -c Release -v quiet --nologo >&2 || exit 2
  program=(dotnet bench/Olmo.Gpu/bin/Release/net10.0/Olmo.Gpu.dll)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=${KERNEL_CACHE:-$work/compiled}
mkdir -p "$cache"

missed=()
part() {
  local name=$1 code=0 started
  shift
  started=$(date +%s)
  printf '\n== %s\n' "$name"
  timeout -k 10 "$bound" "$@" 2>&1 | tee "$work/$name" || code=$?
  [ $code -eq 3 ] && [ "$name" != peer ] && exit 3
  [ $code -eq 0 ] || missed+=("$name (exit code $code)")
  echo "== $name: $(($(date +%s) - started)) s"
}
wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

ours=("${program[@]}")
here=(--device "$device" --kernel-cache "$cache")
with_golden=()
[ -d "$golden" ] && with_golden=(--golden "$golden")
# shellcheck disable=SC2086
{
  wants check && part check "${ours[@]}" check "${here[@]}" "${with_golden[@]}"
  wants bits && part bits "${ours[@]}" bits "${here[@]}" --work "$work"
  wants kernels && part kernels "${ours[@]}" kernels "${here[@]}" $size
  wants measure && part measure "${ours[@]}" measure "${here[@]}" $size --parts
}
# has_peer PART: is there one? Says why not.
has_peer() {
  [ "$device" != cpu ] && "$python" -c 'import torch, transformers' 2>/dev/null && return
  printf '\n== %s\nleft out: %s\n' "$1" "$([ "$device" = cpu ] && echo "it is measured on a GPU only" || echo "$python has no torch and transformers")"
  return 1
}
# peer_step PART SIZE OPTIONS...: the peer's steps of a size in our words.
peer_step() {
  local name=$1 of=$2 bound=$((${PEER_SECONDS:-240} + 30))
  shift 2
  value() { sed -n "s/.*--$1 \([^ ]*\).*/\1/p" <<<"$of " | grep . || echo "$2"; }
  LD_LIBRARY_PATH=$peer_path part "$name" env PYTHONUNBUFFERED=1 "$python" bench/peer_gpu_step.py --config "hocon/models/$(value size olmo2-1b).conf" \
    --sequence "$(value sequence 0)" --layers "$(value layers 0)" --tokens-of "$(value groups 4)x$(value sequences 4)" --device cuda --seconds "${PEER_SECONDS:-240}" "$@"
}
if wants gradients && [ -d "$golden" ] && has_peer gradients; then
  LD_LIBRARY_PATH=$peer_path part gradients "$python" bench/peer_gpu_gradients.py "$golden"
fi
if wants peer && has_peer peer; then
  peer_step peer "$size"
fi
if wants wide && [ "$device" != cpu ]; then
  wide=${WIDE:---size olmo2-7b --recompute --groups 4 --sequences 2 --micro-batch 2}
  others=("${missed[@]}")
  for layers in ${WIDE_LAYERS:-28 27 26 25 22 14 13 12 8}; do
    missed=("${others[@]}") # that more layers did not fit is no miss
    # shellcheck disable=SC2086
    part wide "${ours[@]}" measure "${here[@]}" $wide --layers "$layers"
    grep -qi 'out.\?of.\?memory' "$work/wide" || break
  done
  has_peer wide-peer && peer_step wide-peer "$wide --layers $layers" --recompute --compile layers --micro-batch 2,1
fi

echo
for name in check bits kernels measure; do
  [ -f "$work/$name" ] && tail -1 "$work/$name"
done
for name in peer wide wide-peer; do
  [ -f "$work/$name" ] && grep -E '^(peer|measure|olmo2)' "$work/$name"
done
[ ${#missed[@]} -eq 0 ] || echo "FAILED: ${missed[*]}"
rate() { sed -n "s/^$1: \([0-9.]*\) tokens.*/\1/p" "$work/$2" 2>/dev/null | tail -1; }
mine=$(rate measure measure)
eager=$(rate 'peer eager' peer)
compiled=$(rate 'peer compiled' peer)
ratio() { [ -n "$mine" ] && [ -n "$1" ] && awk -v a="$mine" -v b="$1" 'BEGIN { printf "%.2f", a / b }' || echo "-"; }
summary="tokens/s ${mine:--}; peer eager ${eager:--}, ratio $(ratio "$eager"); peer compiled ${compiled:--}, ratio $(ratio "$compiled")"
if [ -f "$work/wide" ]; then
  mine=$(rate measure wide)
  eager=$(rate 'peer eager' wide-peer)
  compiled=$(rate 'peer compiled' wide-peer)
  summary+="; width of 7B with $layers layers: tokens/s ${mine:--}; peer eager ${eager:--}, ratio $(ratio "$eager"); peer compiled ${compiled:--}, ratio $(ratio "$compiled")"
fi
echo "$summary"
[ ${#missed[@]} -eq 0 ]
