#!/usr/bin/env bash
# Prints croner's time per nextRun, ours, and the ratio. Run `cargo bench --bench next` first.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$here/croner.mjs" "$dir"
(cd "$dir" && npm install --silent --no-audit --no-fund --no-save croner@10.0.1)
node "$dir/croner.mjs" "${CARGO_TARGET_DIR:-$here/../../target}/criterion"
