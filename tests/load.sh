#!/usr/bin/env bash
# load.sh [MINUTES] [BITSUP]: mixed load for one receiver: uploads of all sizes, some of them killed and begun again, one at
# a limited rate, readers, health checks, rubbish, connections that say nothing. Prints the receiver's memory and descriptors
# each minute; fails if an upload fails, a file arrives with other bytes, or the two grow.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-60} bitsup=$(realpath "${2:-${CARGO_TARGET_DIR:-target}/release/bitsup}")
folder=$(mktemp -d "${TMPDIR:-/tmp}/load.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
export BITSUP_STATE_DIR=$folder/state
mkdir "$folder/inbox" "$folder/sources"
for size in 0 1 4893 70000 1000003 20000003 200000003; do head -c "$size" /dev/urandom >"$folder/sources/$size"; done

"$bitsup" serve --listen 127.0.0.1:0 --overwrite --allow-read --health --session-timeout 1m "$folder/inbox" 2>"$folder/log" &
receiver=$!
for _ in $(seq 100); do grep -q listening "$folder/log" && break; sleep 0.05; done
url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' "$folder/log" | sed -n 1p)
port=$(sed 's/.*:\([0-9]*\).*/\1/' <<<"$url")
end=$((SECONDS + minutes * 60))

fail() { echo "FAILED: $*" >&2; touch "$folder/failed"; }

uploads() {
    local name size count=0
    while [[ $SECONDS -lt $end ]]; do
        for size in 0 1 4893 70000 1000003 20000003 200000003; do
            name=$1-$size count=$((count + 1))
            # Every third is killed in the middle, and goes on by the same command.
            [[ $((count % 3)) -gt 0 ]] || (
                timeout -s KILL 0.3 "$bitsup" upload -q --no-config --name "$name" "$folder/sources/$size" "$url" || true) 2>/dev/null
            "$bitsup" upload -q --no-config --name "$name" "$folder/sources/$size" "$url" 2>"$folder/said-$1" ||
                fail "$name: $(cat "$folder/said-$1")"
            cmp "$folder/sources/$size" "$folder/inbox/$name" || fail "$name has other bytes"
            touch "$folder/count-$1"; echo >>"$folder/count-$1"
        done
    done
}

slow() {
    while [[ $SECONDS -lt $end ]]; do
        "$bitsup" upload -q --no-config --limit-rate 500k --name slow "$folder/sources/20000003" "$url" || fail slow
    done
}

rubbish() {
    while [[ $SECONDS -lt $end ]]; do
        (exec 3<>"/dev/tcp/127.0.0.1/$port" && head -c 3000 /dev/urandom >&3) 2>/dev/null || true
        (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'BITS_POST /x HTTP/1.1\r\nHo' >&3 && sleep 0.2) 2>/dev/null || true
        # A session that nobody goes on with.
        (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'BITS_POST /left HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Create-Session\r\nBITS-Supported-Protocols: {7df0354d-249b-430f-820d-3d2a9bef4931}\r\n\r\n' >&3 && head -c 50 <&3 >/dev/null) 2>/dev/null || true
        "$bitsup" check --no-config "$url" >/dev/null 2>&1 || true
        sleep 3
    done
}

silent() {
    while [[ $SECONDS -lt $end ]]; do
        for fd in $(seq 20 69); do eval "exec $fd<>/dev/tcp/127.0.0.1/$port" 2>/dev/null || true; done
        sleep 20
        for fd in $(seq 20 69); do eval "exec $fd>&-"; done
    done
}

for worker in a b c; do uploads "$worker" & done
slow & rubbish & silent &

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$receiver/status"; }
descriptors() { find "/proc/$receiver/fd" -mindepth 1 | wc -l; }
most_early=0 most_late=0 fds_early=0 fds_late=0
while [[ $SECONDS -lt $end ]]; do
    now=$(memory) fds=$(descriptors)
    if [[ $((end - SECONDS)) -gt $((minutes * 30)) ]]; then
        most_early=$((now > most_early ? now : most_early)) fds_early=$((fds > fds_early ? fds : fds_early))
    else
        most_late=$((now > most_late ? now : most_late)) fds_late=$((fds > fds_late ? fds : fds_late))
    fi
    [[ $((SECONDS % 60)) -gt 1 ]] || echo "$((SECONDS / 60)) min: $now KiB, $fds descriptors, $(cat "$folder"/count-* 2>/dev/null | wc -l) files"
    sleep 2
done
wait $(jobs -p | grep -v "^$receiver$")
kill -0 "$receiver" || fail "the receiver has ended"
echo "first half: at most $most_early KiB, $fds_early descriptors; second: $most_late KiB, $fds_late"
echo "$(cat "$folder"/count-* | wc -l) files; $(wc -l <"$folder/log") lines of log, $(grep -c ': 5[0-9][0-9]' "$folder/log" || true) of them 5xx"
[[ $most_late -le $((most_early * 11 / 10 + 2000)) && $fds_late -le $((fds_early * 11 / 10 + 10)) ]] || fail "they grow"
[[ ! -e $folder/failed ]]
