#!/usr/bin/env bash
# Compares cronctl with what its users have, whole process against whole process, in one run:
# croner 10.0.1 on Node (the library behind OpenClaw's schedules), robfig/cron 3.0.1 in Go (Molecule's),
# and `openclaw cron list --json` on running gateways. Prints medians and ratios as Markdown.
#
#   benches/peers/run.sh [RUNS]
#
# Needs cronctl's release build and the npm registry. What is not here is left out, and said:
#   OPENCLAW  a directory with VERSION/node_modules/openclaw; what is not there is installed (650 MB each)
#   NODE      the node that runs them (22 or newer); without it, node@24 is installed beside them
#   GO        robfig is measured where `go` and its source are: apt install golang golang-github-robfig-cron-dev
#   hyperfine is built when it is not on the PATH (cargo install)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
runs=${1:-15}
cronctl=$PWD/target/release/cronctl
work=$(mktemp -d)
gateway_PID=
finish() {
    if [[ -n $gateway_PID ]]; then
        kill "$gateway_PID" 2>/dev/null || true
        wait "$gateway_PID" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
say() { printf '%s\n' "$*" >&2; }

say "building"
cargo build --locked --release --bins --example generate 2>/dev/null
generate=$PWD/target/release/examples/generate
if ! command -v hyperfine >/dev/null; then
    say "building hyperfine"
    cargo install --quiet --locked --root "$work/cargo" hyperfine@1.20.0
    PATH=$work/cargo/bin:$PATH
fi
(cd "$work" && npm install --silent --no-audit --no-fund --no-save croner@10.0.1 >&2)
cp "$here/croner.mjs" "$work"
robfig=
if command -v go >/dev/null && [[ -d /usr/share/gocode/src/github.com/robfig/cron ]]; then
    GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$work/robfig" "$here/robfig/main.go"
    robfig=$work/robfig
else
    say "left out: robfig (no go, or no source of it)"
fi

# time NAME RUNS COMMAND: wall, user, system and memory of each run, as JSON.
time_it() {
    hyperfine -N --style none --warmup 1 --runs "$2" --export-json "$work/$1.json" --command-name "$1" "$3" >&2
}

say "one occurrence"
cargo bench --locked --bench next -- next/ >/dev/null 2>&1
node "$work/croner.mjs" next > "$work/croner-next.jsonl"
[[ -z $robfig ]] || "$robfig" next > "$work/robfig-next.jsonl"

say "a day of 1,000 jobs"
"$generate" 1000 > "$work/jobs.ndjson"
time_it plan-croner 3 "node $work/croner.mjs plan $work/jobs.ndjson"
[[ -z $robfig ]] || time_it plan-robfig "$runs" "$robfig plan $work/jobs.ndjson"
time_it plan-cronctl "$runs" "$cronctl plan --jobs $work/jobs.ndjson --from 2026-03-07T20:00Z --summary -q"

say "start-up"
time_it start-cronctl 50 "$cronctl --version"
time_it start-node 15 "node -e 0"
time_it demo-cronctl 50 "$cronctl plan --demo -q"

# gateway VERSION: lists a state directory of its own with 100 jobs, and stops.
gateway() {
    local version=$1 openclaw=${OPENCLAW:-$work/openclaw}/$1 node=${NODE:-$work/node/node_modules/node/bin/node}
    if [[ ! -d $openclaw/node_modules/openclaw ]]; then
        say "installing openclaw $version"
        mkdir -p "$openclaw"
        npm install --prefix "$openclaw" --silent --no-audit --no-fund --no-save --ignore-scripts "openclaw@$version" >&2 || return 1
    fi
    if [[ ! -x $node ]]; then
        mkdir -p "$work/node"
        npm install --prefix "$work/node" --silent --no-audit --no-fund --no-save node@24 >&2 || return 1
    fi
    local state=$work/state-$version port=28719 log=$work/gateway.log
    "$generate" state "$state" 100
    # Whatever wrote it: a gateway of 2026.9 takes over the store that one of 2026.3 left.
    printf '{ gateway: { mode: "local" }, agents: { list: [ { id: "main", default: true } ] } }' > "$state/openclaw.json"
    export HOME=$work OPENCLAW_STATE_DIR=$state OPENCLAW_CONFIG_PATH=$state/openclaw.json \
        OPENCLAW_GATEWAY_TOKEN=bench OPENCLAW_NO_RESPAWN=1 NO_COLOR=1 OPENCLAW_DISABLE_BONJOUR=1 OPENCLAW_GATEWAY_PORT=$port
    local main="$node $openclaw/node_modules/openclaw/openclaw.mjs"
    $main gateway run --port $port --bind loopback --auth token --token bench > "$log" 2>&1 &
    gateway_PID=$!
    for _ in $(seq 120); do
        ! grep -qE '\[gateway\] (ready|listening)' "$log" || break
        kill -0 "$gateway_PID" 2>/dev/null || return 1
        sleep 1
    done
    sleep 10
    time_it "$version-openclaw" 7 "$main cron list --all --json"
    time_it "$version-table" 50 "$cronctl plan --openclaw $state -q"
    time_it "$version-ndjson" 50 "$cronctl plan --openclaw $state -o ndjson -q"
    time_it "$version-json" 50 "$cronctl plan --openclaw $state --json -q"
    time_it "$version-explain" 50 "$cronctl explain-model --all --openclaw $state --json -q"
    kill "$gateway_PID"
    wait "$gateway_PID" || true
    gateway_PID=
}
for version in 2026.3.31 2026.9.6; do
    say "the command line of a gateway $version"
    if ! gateway "$version"; then
        say "left out: openclaw $version (could not be installed, or its gateway did not start)"
        tail -n 3 "$work/gateway.log" >&2 || true
    fi
done

node "$here/report.mjs" "$work" "${CARGO_TARGET_DIR:-target}/criterion"
