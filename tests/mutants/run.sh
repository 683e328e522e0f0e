#!/usr/bin/env bash
# Changes the code in one small place after another (`cargo mutants`, .cargo/mutants.toml) in a copy of the project, and
# lets the unit tests judge each change; what they let pass, the simulation and the end-to-end tests judge. Fails if more
# than five in a hundred pass that too and do not stand in accepted.txt with their reason; of a few, two may.
#
#   tests/mutants/run.sh 1/350      # the first of 350 parts, some minutes
#   tests/mutants/run.sh            # all of them, in half a day
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=../planted-bugs/copy.sh
. "$here/../planted-bugs/copy.sh"
copy_project "$root" mutants

part=${1:-1/1}
results=$CARGO_TARGET_DIR/results
rm -rf "$results"
mkdir -p "$results"
# Without names for a debugger, which take a third of the time. NTLM is code of ours that is not in the default features.
build=(--features windows-auth --config profile.test.debug=0 --config profile.dev.debug=0)

# Lets the unit tests judge this part. Parts are counted from 0 there. Exit code 2 of the tool means that some were
# missed, 3 that tests did not end. --lib is for its builds as well: else each change builds the other tests, too.
judge() {
    local result=0
    mkdir "$results/unit"
    cargo mutants --in-place --baseline skip --colors never --no-times --cap-lints true --timeout 60 \
        --sharding round-robin --shard "$((${part%/*} - 1))/${part#*/}" -o "$results/unit" \
        "${build[@]/#/--cargo-arg=}" --cargo-arg=--lib >"$log" 2>&1 || result=$?
    case $result in
        0 | 2 | 3) ;;
        *) tail -n 50 "$log" >&2; exit 1 ;;
    esac
}

# count OUTCOME...
count() {
    (cd "$results/unit/mutants.out" && cat "${@/%/.txt}" | wc -l)
}

# By its file and what it does: lines move.
is_accepted() {
    local name
    name=$(sed -E 's/^([^:]*):[0-9]+:[0-9]+: /\1: /' <<<"$1")
    grep -qxF "$name" <<<"$(sed -E '/^(#|$)/d; s/ -- .*//' "$here/accepted.txt")"
}

# Applies a change anew, from the diff that the tool left: its --re does not keep to the changes that it is given.
apply() {
    local file=${1%%:*} rest=${1#*:} line column diff
    line=${rest%%:*} rest=${rest#*:} column=${rest%%:*}
    for diff in "$results/unit/mutants.out/diff/${file//\//__}_line_${line}_col_$column"*.diff; do
        if [[ $(sed -n 2p "$diff") == "+++ ${rest#*: }" ]]; then
            sed "2s#.*#+++ $file#" "$diff" | git apply -p0 || exit 1
            return
        fi
    done
    echo "mutants: no diff for $1" >&2
    exit 1
}

# Whether the other tests let a change pass that the unit tests did not see.
survives() {
    local result=0
    cp "${1%%:*}" "$results/before.rs"
    apply "$1"
    timeout 600 cargo test "${build[@]}" --test={simulation,e2e,recovery,transport,serve} </dev/null >"$log" 2>&1 || result=$?
    # With the time of now, for Cargo.
    cat "$results/before.rs" >"${1%%:*}"
    [[ $result -eq 0 ]]
}

# Tests that fail without a change would judge nothing.
cargo test "${build[@]}" --lib >"$log" 2>&1 || { tail -n 50 "$log" >&2; exit 1; }
judge
judged=$(count caught timeout missed)
missed=0
while IFS= read -r change; do
    if ! is_accepted "$change" && survives "$change"; then
        printf 'survives: %s\n' "$change"
        missed=$((missed + 1))
    fi
done <"$results/unit/mutants.out/missed.txt"
printf 'mutants: part %s: %d changes compile, %d pass the unit tests, %d of those the other tests as well\n' \
    "$part" "$judged" "$(count missed)" "$missed"
[[ $missed -le 2 || $((missed * 100)) -le $((judged * 5)) ]] || { echo 'mutants: too many survive' >&2; exit 1; }
