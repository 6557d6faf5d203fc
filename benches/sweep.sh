#!/usr/bin/env bash
# Measures one sweep against the sandbox: 10,000 workspaces, 1,000 past their ceiling, every answer
# held back for 20 ms, 128 requests at a time. Prints wall, user and system seconds and peak memory of
# `cronctl checkpoint` (GNU time), the latency bound, and the ratio.
#
#   benches/sweep.sh [RUNS]        needs target/release/cronctl, GNU time and python3
#
# The bound: two lists side by side, then the requests in rounds of 128, then two lists again: each
# round waits 20 ms for the platform, whoever asks.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-7}
latency=20 over=1000 concurrency=128
bound=$((latency * (1 + (over + concurrency - 1) / concurrency + 1)))
cronctl=$PWD/target/release/cronctl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work
printf 'bound %d ms\n' "$bound"
for run in $(seq "$runs"); do
    coproc platform { exec "$cronctl" sandbox -q -o ndjson --scenario fleet --latency "${latency}ms"; }
    read -r started <&"${platform[0]}"
    url=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["url"])' "$started")
    CRONCTL_TOKEN=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["token"])' "$started")
    export CRONCTL_TOKEN
    /usr/bin/time -f '%e %U %S %M' -o "$work/time" \
        "$cronctl" checkpoint --molecule "$url" --over-ceiling --yes --quiet --json --rate-limit 0 \
        --concurrency "$concurrency" --max-actions "$over" --ledger "$work/ledger-$run.db" > "$work/report"
    python3 - "$work" "$bound" <<'PY'
import json, sys
work, bound = sys.argv[1], int(sys.argv[2])
wall, user, system, kib = open(f"{work}/time").read().split()
report = json.load(open(f"{work}/report"))
print(f"{float(wall) * 1000:.0f} ms wall ({float(wall) * 1000 / bound:.2f} x the bound), {user} s user,"
      f" {system} s system, {int(kib) / 1024:.0f} MiB; {report['summary']}")
PY
    kill "$platform_PID"
    wait "$platform_PID" 2>/dev/null || true
done
