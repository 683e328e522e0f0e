#!/usr/bin/env bash
# Measures bitsup beside curl and prints one table in Markdown. docs/performance.md says how to read it.
set -euo pipefail
cd "$(dirname "$0")/.."

main() {
    local arguments=("$@") size=2048 serve_size=1024 smoke=no argument previous=
    for argument in "$@"; do
        case $argument in
            -h | --help) usage; return ;;
            --smoke) smoke=yes size=3 serve_size=3 ;;
            --size=*) size=${argument#*=} ;;
            --serve-size=*) serve_size=${argument#*=} ;;
        esac
        case $previous in
            --size) size=$argument ;;
            --serve-size) serve_size=$argument ;;
        esac
        previous=$argument
    done
    need curl
    need hyperfine
    build
    make_folders "$size" "$serve_size"
    [[ $smoke == yes ]] || describe "$@"
    "$BENCH" bench --bitsup "$BITSUP" --folder "$folder" ${memory:+--memory "$memory"} "${arguments[@]}"
}

usage() {
    cat <<'TEXT'
usage: bench/run.sh [OPTIONS]

  --rows TEXT        only rows whose names contain TEXT; repeat for several
  --runs N           rounds; medians are shown [default: 5]
  --size MIB         file for the loopback [default: 2048]
  --serve-size MIB   each of the 8 files for `bitsup serve` [default: 1024]
  --quick            leave out the links at 1 GiB
  --smoke            see that it works, in seconds; the numbers mean nothing

Files go to $TMPDIR, or /tmp: five times the size above and more. The program that is measured is built anew, unless
$BITSUP names another.
TEXT
}

need() {
    command -v "$1" >/dev/null && return
    local sudo=()
    if [[ $EUID -ne 0 ]]; then
        sudo=(sudo -n)
    fi
    command -v apt-get >/dev/null && "${sudo[@]}" apt-get install -qy --no-install-recommends "$1" >/dev/null 2>&1 ||
        { echo "install $1 first (Debian: apt-get install $1)" >&2; return 1; }
}

build() {
    local target=${CARGO_TARGET_DIR:-$PWD/target}
    cargo build --quiet --release --locked --manifest-path bench/Cargo.toml --target-dir "$target/bench"
    BENCH=$target/bench/release/bitsup-bench
    if [[ -z ${BITSUP:-} ]]; then
        cargo build --quiet --release --locked --target-dir "$target"
        BITSUP=$target/release/bitsup
    fi
}

# Sizes in MiB: of the files on the loopback, and of each for the receiver.
make_folders() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/bitsup-bench.XXXXXXXX")
    memory=
    trap 'rm -rf -- "$folder" ${memory:+"$memory"}' EXIT
    local wanted=$(($1 + 9 * $2 + 1200)) free
    free=$(df --output=avail -BM "$folder" | tail -1 | tr -dc 0-9)
    ((free > wanted)) || { echo "$folder has $free MiB free, $wanted are needed: set TMPDIR" >&2; return 1; }
    # What is written there must fit into the memory that nothing else uses.
    free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    if [[ -d /dev/shm && -w /dev/shm ]] && ((free > 10 * $2 + $1)) &&
        (($(df --output=avail -BM /dev/shm | tail -1 | tr -dc 0-9) > 9 * $2)); then
        memory=$(mktemp -d /dev/shm/bitsup-bench.XXXXXXXX)
    fi
}

describe() {
    printf -- '- command: `bench/run.sh%s`, commit %s, %s\n' "${*:+ $*}" "$(git describe --always --dirty)" "$(date -u +%F)"
    printf -- '- machine: %s, %s cores, %s MiB; Linux %s\n' \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed -n 1p)" "$(nproc)" \
        "$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)" "$(uname -r)"
    printf -- '- load at the start: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
    printf -- '- %s; %s\n\n' "$("$BITSUP" --version)" "$(curl --version | sed -n 1p)"
}

main "$@"
