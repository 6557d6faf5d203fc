#!/usr/bin/env bash
# Fuzzes every parser of outside bytes: fuzz/run.sh [SECONDS] [TARGET…], SECONDS for each target [600].
# Ends with 1 when one of them found something; what it found is in fuzz/artifacts/.
#
# Needs a nightly compiler and cargo-fuzz (`cargo install cargo-fuzz`); where they are missing, that is
# said and nothing is done. The corpora start from the recorded data of the tests and grow in fuzz/corpus/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
shift $(($# > 0 ? 1 : 0))
if ! cargo +nightly --version >/dev/null 2>&1 || ! cargo fuzz --version >/dev/null 2>&1; then
    echo "skipped: no nightly compiler, or no cargo-fuzz"
    exit 0
fi
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(cargo +nightly fuzz list)
cargo run --quiet --locked --example write_seeds

# Files that a target writes stay in memory.
[[ ! -w /dev/shm ]] || export TMPDIR=/dev/shm
failed=()
for target in "${targets[@]}"; do
    echo "== $target, $seconds s"
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        > "fuzz/$target.log" 2>&1 || failed+=("$target")
    grep -E '^stat::number_of_executed|SUMMARY|panicked|Done ' "fuzz/$target.log" || tail -n 5 "fuzz/$target.log"
done
[[ ${#failed[@]} -eq 0 ]] || { echo "found something: ${failed[*]}"; exit 1; }
