#!/usr/bin/env bash
# Changes the code in one small place after another (`cargo mutants`, .cargo/mutants.toml) in a copy of the project, and
# lets the unit tests judge each change; what they let pass, the end-to-end tests judge. Fails if more than five in a
# hundred pass that too and do not stand in accepted.txt with their reason; of a few, two may.
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
common=(
    --in-place --baseline skip --features windows-auth --colors never --no-times --cap-lints true
    -C=--config=profile.test.debug=0 -C=--config=profile.dev.debug=0
)

# judge NAME ARGUMENTS...: exit code 2 of the tool means that some were missed, 3 that tests did not end.
judge() {
    local result=0 name=$1
    shift
    mkdir "$results/$name"
    cargo mutants "${common[@]}" -o "$results/$name" "$@" >"$log" 2>&1 || result=$?
    case $result in
        0 | 2 | 3) ;;
        *) tail -n 50 "$log" >&2; exit 1 ;;
    esac
}

# count NAME OUTCOME...
count() {
    local name=$1
    shift
    (cd "$results/$name/mutants.out" && cat "${@/%/.txt}" | wc -l)
}

# A change is known by its file and what it does: lines move.
identify() {
    sed -E 's/^([^:]*):[0-9]+:[0-9]+: /\1: /' <<<"$1"
}

# What is not in accepted.txt, as arguments.
suspects() {
    local name accepted
    accepted=$(sed -E '/^(#|$)/d; s/ -- .*//' "$here/accepted.txt")
    while IFS= read -r name; do
        grep -qxF "$(identify "$name")" <<<"$accepted" ||
            printf -- '--re\n^%s$\n' "$(sed -E 's/[][(){}.*+?^$|\\]/\\&/g' <<<"$name")"
    done <"$results/unit/mutants.out/missed.txt"
}

# Parts are counted from 0 there.
judge unit --sharding round-robin --shard "$((${part%/*} - 1))/${part#*/}" --timeout 60 --cargo-test-arg=--lib
judged=$(count unit caught timeout missed)
mapfile -t suspects < <(suspects)
missed=0
if [[ ${#suspects[@]} -gt 0 ]]; then
    judge whole --timeout 600 "${suspects[@]}" \
        --cargo-test-arg=--lib --cargo-test-arg=--test={recovery,transport,serve,e2e}
    missed=$(count whole missed)
    cat "$results/whole/mutants.out/missed.txt"
fi
printf 'mutants: part %s: %d changes compile, %d pass the unit tests, %d of those the other tests as well\n' \
    "$part" "$judged" "$(count unit missed)" "$missed"
[[ $missed -le 2 || $((missed * 100)) -le $((judged * 5)) ]] || { echo 'mutants: too many survive' >&2; exit 1; }
