#!/usr/bin/env bash
# Measures one sweep against the sandbox: 10,000 workspaces, 1,000 past their ceiling, every answer
# held back for 20 ms, 128 requests at a time. Prints wall, user and system seconds and peak memory of
# `cronctl checkpoint` (GNU time), the latency bound, and the ratio.
#
#   benches/sweep.sh [RUNS]        needs target/release/cronctl, GNU time and python3
#
# The bound: the list, then 1,000 requests and 1,000 looks back, 128 at a time: 1 + 8 + 8 rounds, each
# of which waits 20 ms for the platform. cronctl looks back at all turns with two lists instead; for that
# shape alone the bound would be 1 + 8 + 1 rounds. The platform runs on the same cores.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-7}
latency=20 over=1000 concurrency=128
rounds=$(((over + concurrency - 1) / concurrency))
bound=$((latency * (1 + rounds + rounds)))
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
    # The platform has been asked before, as one that runs for long has.
    "$cronctl" checkpoint --molecule "$url" --over-ceiling --dry-run --max-actions "$over" --no-ledger --quiet -o ndjson > /dev/null
    /usr/bin/time -f '%e %U %S %M' -o "$work/time" \
        "$cronctl" checkpoint --molecule "$url" --over-ceiling --yes --quiet --json --rate-limit 0 \
        --concurrency "$concurrency" --max-actions "$over" --ledger "$work/ledger-$run.db" > "$work/report"
    python3 - "$work" "$bound" <<'PY'
import json, sys
work, bound = sys.argv[1], int(sys.argv[2])
wall, user, system, kib = open(f"{work}/time").read().split()
report = json.load(open(f"{work}/report"))
print(f"{float(wall) * 1000:.0f} ms wall ({float(wall) * 1000 / bound:.2f} x the bound), {user} s user,"
      f" {system} s system, {int(kib) / 1024:.0f} MiB; {report['summary']['confirmed']} confirmed by"
      f" {report['summary']['requests']} requests")
PY
    kill "$platform_PID"
    wait "$platform_PID" 2>/dev/null || true
done
