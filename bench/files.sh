#!/usr/bin/env bash
# Measures many small files in one run, bitsup beside `curl -T` of the same list: seconds, processor time and memory.
# usage: bench/files.sh [COUNT [BYTES]]; $BITSUP and $BENCH name programs that are built already.
set -euo pipefail
cd "$(dirname "$0")/.."

count=${1:-10000} bytes=${2:-4096}
target=${CARGO_TARGET_DIR:-$PWD/target}
if [[ -z ${BENCH:-} ]]; then
    cargo build --quiet --release --locked --manifest-path bench/Cargo.toml --target-dir "$target/bench"
    BENCH=$target/bench/release/bitsup-bench
fi
if [[ -z ${BITSUP:-} ]]; then
    cargo build --quiet --release --locked --target-dir "$target"
    BITSUP=$target/release/bitsup
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/bitsup-files.XXXXXXXX")
export BITSUP_STATE_DIR=$folder/state
trap 'rm -rf -- "$folder"' EXIT
mkdir "$folder/in"
for ((n = 0; n < count; n++)); do
    printf '%s/in/f%d\n' "$folder" "$n"
done >"$folder/list"
head -c "$((count * bytes))" /dev/urandom | split -b "$bytes" -a 5 --numeric-suffixes=0 - "$folder/in/f"
find "$folder/in" -type f | sort >"$folder/list"

# measured NAME COMMAND...: the program prints microseconds, processor microseconds and bytes of memory.
measured() {
    local name=$1 wall processor memory
    shift
    read -r wall processor memory < <("$BENCH" measure "$@" 2>"$folder/said") || { cat "$folder/said" >&2; return 1; }
    awk -v name="$name" -v n="$count" -v w="$wall" -v p="$processor" -v m="$memory" 'BEGIN {
        printf "| %s | %.2f s | %.0f µs | %.1f MiB |\n", name, w / 1e6, p / n, m / 1048576 }'
}

# with_sink FUNCTION...: runs it with the address of a server that drops what it gets, and checks how much that was.
with_sink() {
    local url received in pid
    coproc SINK { exec "$BENCH" sink; }
    pid=$SINK_PID
    read -r url <&"${SINK[0]}"
    "$@" "${url%/}"
    # It ends with its input, and says how many bytes it got.
    in=${SINK[1]}
    exec {in}>&-
    read -r received <&"${SINK[0]}"
    wait "$pid"
    ((received == count * bytes)) || { echo "the server got $received bytes" >&2; return 1; }
}

with_bitsup() {
    local name=$1
    shift
    measured "$name" "$BITSUP" upload -q --files-from "$folder/list" "${@:1:$#-1}" "${!#}/"
}

with_curl() {
    awk -v url="$1" '{ name = $0; sub(/.*\//, "", name); printf "upload-file = \"%s\"\nurl = \"%s/%s\"\n", $0, url, name }' \
        "$folder/list" >"$folder/config"
    measured "curl -T" curl -sf -o /dev/null -K "$folder/config"
}

printf '| %d files of %d bytes | time | processor time a file | memory |\n|---|---|---|---|\n' "$count" "$bytes"
with_sink with_bitsup bitsup
with_sink with_bitsup "bitsup -j 4" -j 4
with_sink with_bitsup "bitsup --no-state" --no-state
with_sink with_curl
