#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh FUZZER FOLDER [-a TARGET]… LIBFUZZER-OPTION…: feeds the targets, or those of -a, two at a time.
# The fuzzer itself ends over an input that takes 5 s of processor time; the times here are by the clock, which a busy
# machine stretches, and for what never ends.
# What is found lies in FOLDER as TARGET-crash-…, -timeout-…, -slow-unit-… or -oom-…; status 1 then, also for what was
# merely slow.
set -u
# Swift's own backtrace would end the process before libFuzzer has written the input.
export SWIFT_BACKTRACE=enable=no
fuzzer=$1 folder=$2
shift 2
targets=()
while [ "${1:-}" = -a ]; do targets+=("$2"); shift 2; done
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <("$fuzzer" | cut -d' ' -f1)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
export fuzzer folder here
one() {
    target=$1
    shift
    log=$folder/$target.log
    limit=$("$fuzzer" | sed -n "s/^$target //p")
    rm -f "$folder/$target"-{crash,timeout,slow-unit,oom,leak}-*
    # Read alone: what is new goes into FOLDER.
    if [ ! -d "$here/Corpus/$target" ]; then
        echo "fuzz: $target has nothing to begin with, Fuzz/Corpus/$target"
        return 1
    fi
    "$fuzzer" "$target" "$folder/corpus-$target" "$here/Corpus/$target" "$@" "-max_len=$limit" \
        -timeout=120 -report_slow_units=60 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$folder/$target-" >"$log" 2>&1
    status=$?
    found=$(ls "$folder/$target"-{crash,timeout,slow-unit,oom,leak}-* 2>/dev/null)
    if [ $status -ne 0 ] || [ -n "$found" ]; then
        echo "fuzz: $target failed ($status)"
        # shellcheck disable=SC2086 # one word per file
        [ -n "$found" ] && ls -l $found
        grep -vE '^#[0-9]+|^\s*NEW_FUNC|^INFO' "$log" | tail -n 25 | cut -c1-300
        return 1
    fi
    echo "fuzz: $target, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
}
export -f one
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c 'one "$@"' one {} "$@" || exit 1
