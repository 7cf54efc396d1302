#!/usr/bin/env bash
# Certifies your test system in a pipeline: starts a sandbox, has your system connect to it, runs the suites, stops both.
# Its exit code is that of `esr-sandbox certify`: 0 certifiable, 1 your product failed, 2 configuration, 3 inconclusive, 4 the suite broke.
#
#   START_SYSTEM   the command that starts your test system; it finds ESR_URL and ESR_TOKEN in its environment
#   SYSTEM_READY   an address of your system that answers once it runs
#   SUBJECT        your subject file; `addresses.control` in it is http://127.0.0.1:8080/control/v1
set -euo pipefail
: "${START_SYSTEM:?}" "${SYSTEM_READY:?}" "${SUBJECT:=subject.yaml}" "${REPORTS:=reports/certify}"

running=()
trap 'kill "${running[@]}" 2>/dev/null || true; wait' EXIT

# wait_for PID COMMAND...: until the command succeeds; no longer than a minute, and no longer than the process lives.
wait_for() {
    local pid=$1
    shift
    for ((look = 0; look < 300; look++)); do
        "$@" && return
        kill -0 "$pid" 2>/dev/null || { echo "It ended before it was ready." >&2; exit 2; }
        sleep 0.2
    done
    echo "It was not ready within a minute." >&2
    exit 2
}

ready=$(mktemp)
esr-sandbox up --only esr --world empty --database :memory: --port "${SANDBOX_PORT:=8080}" --json >"$ready" &
running+=($!)
wait_for "$!" test -s "$ready"

ESR_URL=http://127.0.0.1:$SANDBOX_PORT/esr/v1
ESR_TOKEN=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["token"])' "$ready")
export ESR_URL ESR_TOKEN
bash -c "$START_SYSTEM" &
running+=($!)
wait_for "$!" curl --silent --output /dev/null "$SYSTEM_READY"

esr-sandbox certify "$SUBJECT" --out "$REPORTS" "$@"
