#!/usr/bin/env bash
# Measures `cronctl checkpoint` over many sweeps of a large fleet: time per sweep, and its memory.
#
#   benches/load.sh [WORKSPACES] [OVER] [SWEEPS] [ARGUMENT…]
#
# defaults: 100000 10000 100. The ARGUMENTs go to `cronctl checkpoint`. With LOOP=1 one process does all
# sweeps (`--watch --interval 0s --count SWEEPS`), and its resident memory is sampled twice a second; else
# each sweep is a process of its own, and its peak memory is taken. Needs GNU time and python3, and
# cronctl: target/release/cronctl, or $CRONCTL.
#
# The platform is `cronctl sandbox` on the same machine, without a rate limit. A turn that was freed is
# followed by another after a second, which is past its ceiling after one more, so that every sweep finds
# turns to free. The ledger is a file.
set -euo pipefail
cd "$(dirname "$0")/.."
workspaces=${1:-100000} over=${2:-10000} sweeps=${3:-100}
shift $(($# < 3 ? $# : 3))
cronctl=${CRONCTL:-$PWD/target/release/cronctl}
work=$(mktemp -d)
platform_PID=
finish() {
    if [[ -n $platform_PID ]]; then kill "$platform_PID" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT
export HOME=$work
cat > "$work/fleet.toml" <<TOML
about = "$workspaces workspaces, $over of them past the ceiling again and again"

[platform]
turns_route = true
rate_limit = 0

[[workspace]]
id = "over"
name = "Over"
behaviour = "hung"
turn_started = "45m"
ceiling_seconds = 1
refill = "1s"
count = $over

[[workspace]]
id = "idle"
name = "Idle"
behaviour = "idle"
count = $((workspaces - over))
TOML
coproc platform { exec "$cronctl" sandbox -q -o ndjson --scenario "$work/fleet.toml"; }
read -r started <&"${platform[0]}"
url=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["url"])' "$started")
CRONCTL_TOKEN=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["token"])' "$started")
export CRONCTL_TOKEN
sweep=("$cronctl" checkpoint --molecule "$url" --over-ceiling --yes --quiet --rate-limit 0
    --concurrency 128 --max-actions "$over" --ledger "$work/ledger.db" "$@")

resident() { # of a process, KiB: now and at most
    awk '/^VmRSS|^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null | sort -n | paste -s -d ' '
}

if [[ ${LOOP:-0} == 1 ]]; then
    # Of what it prints, a line for each turn is left out: it would be gigabytes.
    "${sweep[@]}" -o ndjson --watch --interval 0s --on interval --max-actions-per-hour 0 \
        --count "$sweeps" > >(grep --line-buffered '^{"event":"sweep"' > "$work/report") &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        read -r now most < <(resident "$pid") || break
        printf '%s %s %s\n' "$(grep -c . "$work/report" || true)" "$now" "$most"
        sleep 0.5
    done > "$work/samples"
    code=0
    wait "$pid" || code=$?
    sleep 1
    python3 - "$work" "$sweeps" "$code" <<'PY'
import json, statistics, sys
work, sweeps, code = sys.argv[1:]
done = [json.loads(line) for line in open(f"{work}/report")]
took = [event["took_ms"] / 1000 for event in done]
freed = sum(event["summary"]["confirmed"] for event in done)
print(f"exit {code}: {len(done)} sweeps, {freed} turns freed, "
      f"{statistics.median(took):.2f} s a sweep at the median, {max(took):.2f} s at most")
samples = [[int(x) for x in line.split()] for line in open(f"{work}/samples")]
for n in (1, 2, 5, 10, 25, 50, 75, 100):
    of = [s for s in samples if s[0] <= n]
    if n <= int(sweeps) and of:
        last = max(s[1] for s in of if s[0] >= n - 1) if any(s[0] >= n - 1 for s in of) else of[-1][1]
        print(f"around sweep {n}: {last / 1024:.0f} MiB resident, {of[-1][2] / 1024:.0f} MiB at most so far")
PY
else
    for n in $(seq "$sweeps"); do
        code=0
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" "${sweep[@]}" --json > "$work/report" || code=$?
        python3 - "$work" "$n" "$code" <<'PY'
import json, sys
work, n, code = sys.argv[1:]
wall, user, system, kib = open(f"{work}/time").read().split("\n")[-2].split()
s = json.load(open(f"{work}/report"))["summary"]
print(f"sweep {n}: exit {code}, {wall} s wall, {user} s user, {system} s system, {int(kib) / 1024:.0f} MiB;"
      f" {s['targets']} turns, {s['confirmed']} confirmed, {s['requests']} requests,"
      f" {s['left_alone']['idle']} idle")
PY
        sleep 2
    done
fi
read -r now most < <(resident "$platform_PID")
printf 'the sandbox: %d MiB resident, at most %d MiB\n' $((now / 1024)) $((most / 1024))
