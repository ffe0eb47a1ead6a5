# shellcheck shell=bash
# Sourced by the scripts of proof, from the root of the repository: no process that they start outlives its bound or the script, and the folder of the script goes with it.
# Gives: work (a folder), olmo (the built command), start, within, await, bounded, fail.
# OLMO_PROCESS_LIMIT: seconds that any one process may take; 120 by default.
limit=${OLMO_PROCESS_LIMIT:-120}
work=$(mktemp -d)
olmo=src/Olmo.Host/bin/Release/net10.0/olmo
declare -A living=() # process ids that were started and not waited for

leave() {
  local code=$? pid
  trap - EXIT INT TERM HUP
  for pid in "${!living[@]}"; do
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
  exit "$code"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

fail() { echo "$*"; exit 1; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }
weights() { sed -n 's/^weights sha256 //p' "$1" | tail -1; }

# What a process that overran its bound was doing.  diagnose PID LOG [FOLDER OF THE RUN]
diagnose() {
  local pid=$1 log=$2 folder=${3:-} task
  echo "---- process $pid after ${limit}s: threads (name, state, where the kernel has it)"
  for task in /proc/"$pid"/task/*; do
    [ -r "$task/comm" ] || continue
    printf '%s %s %s %s\n' "${task##*/}" "$(cat "$task/comm")" "$(awk '/^State/ { print $2 }' "$task/status")" "$(cat "$task/wchan" 2>/dev/null || true)"
  done
  if grep -q 'olmo' "/proc/$pid/comm" 2>/dev/null; then
    kill -QUIT "$pid" 2>/dev/null || true # `olmo run` answers with the phases of its actors
    sleep 5
  fi
  echo "---- end of $log"
  tail -60 "$log"
  if [ -n "$folder" ]; then
    echo "---- end of the trace"
    tail -12 "$folder/trace.log" 2>/dev/null || echo "(none)"
    echo "---- olmo status"
    timeout -k 5 30 $olmo status "$folder" 2>&1 || true
  fi
  echo "----"
}

# Starts a command in the background; its id is in $started.  start LOG COMMAND...
start() {
  local log=$1
  shift
  env --default-signal=INT,QUIT "$@" >"$log" 2>&1 & # a script's shell would have them ignored by what it starts in the background
  started=$!
  living[$started]=1
}

# Waits until a condition holds or the process has ended; fails with a diagnosis at the bound.  within PID LOG FOLDER CONDITION...
# Returns 0 where the condition held, 1 where the process ended first.
within() {
  local pid=$1 log=$2 folder=$3 began
  shift 3
  began=$(now)
  while true; do
    if "$@"; then return 0; fi
    if ! kill -0 "$pid" 2>/dev/null; then return 1; fi
    if awk -v s="$(since "$began")" -v l="$limit" 'BEGIN { exit !(s >= l) }'; then
      diagnose "$pid" "$log" "$folder"
      fail "process $pid overran ${limit}s"
    fi
    sleep 0.02
  done
}

# Waits for the end of a started process; its exit code is in $code.  await PID LOG [FOLDER]
await() {
  within "$1" "$2" "${3:-}" false || true
  reap "$1"
}

# Kills a started process.  destroy PID: fails where it had ended before
destroy() {
  local was=0
  kill -9 "$1" 2>/dev/null || was=1
  reap "$1"
  return $was
}

reap() {
  code=0
  wait "$1" 2>/dev/null || code=$?
  unset "living[$1]"
}

# Runs a command to its end; its exit code is in $code.  bounded LOG FOLDER COMMAND...
bounded() {
  local log=$1 folder=$2
  shift 2
  start "$log" "$@"
  await "$started" "$log" "$folder"
}

# Builds the command, unless the caller did.
built() {
  local log="$work/build.log"
  [ -n "${OLMO_IS_BUILT:-}" ] && [ -x $olmo ] && return 0
  timeout -k 10 600 dotnet build src/Olmo.Host -c Release -v quiet --nologo >"$log" 2>&1 || { tail -20 "$log"; fail "src/Olmo.Host does not build"; }
}
