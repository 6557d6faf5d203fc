#!/usr/bin/env bash
# Compares cronctl's next fires with those of OpenClaw's own function, on random expressions near clock
# changes: fuzz/differential/run.sh [COUNT] [SEED]. Ends with 1 when an answer differs.
#
#   OPENCLAW  directories with node_modules/openclaw, separated by colons; their versions are found.
#             Without it, nothing can be compared, which is said.
#   NODE      the node that runs it [default: node]; its zone data should be as new as cronctl's
set -euo pipefail
cd "$(dirname "$0")/../.."
count=${1:-100000} seed=${2:-1}
if [[ -z ${OPENCLAW:-} ]]; then
    echo "skipped: OPENCLAW names no directory with node_modules/openclaw"
    exit 0
fi
questions=$(mktemp)
trap 'rm -f "$questions"' EXIT
cargo run --quiet --locked --example questions -- "$count" "$seed" > "$questions"
failed=0
while read -r directory; do
    package=$directory/node_modules/openclaw
    version=$(sed -n 's/^ *"version": "\(.*\)".*/\1/p' "$package/package.json" | head -n 1)
    "${NODE:-node}" fuzz/differential/answers.mjs "$package" "$version" < "$questions" || failed=1
done < <(tr ':' '\n' <<< "$OPENCLAW")
exit "$failed"
