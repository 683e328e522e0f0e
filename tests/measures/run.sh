#!/usr/bin/env bash
# Takes each measure of this folder away in a copy of the project, and requires the test that its patch names to fail.
# A patch begins with two lines before the diff:
#
#   Claim: SECURITY.md: words of the sentence that it stands for
#   Test: arguments of `cargo test`, with the test's name: --test serve case_94
#
# With names of patches: only these. MEASURES_SHARD=2/5 takes the second fifth of them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=../planted-bugs/copy.sh
. "$here/../planted-bugs/copy.sh"
copy_project "$root" measures

fail() {
    printf 'measures: %s\n' "$1" >&2
    exit 1
}

# Ends with 0 if the test passes, 1 if it fails, 2 if there is none, 3 if it does not compile.
run_test() {
    local arguments
    read -ra arguments <<<"$1"
    cargo test --no-run "${arguments[@]}" >"$log" 2>&1 || return 3
    if timeout 300 cargo test "${arguments[@]}" >"$log" 2>&1; then
        grep -qE '^test result: ok\. [1-9]' "$log" || return 2
        return 0
    fi
    grep -qE '^test .* FAILED$' "$log" || return 2
    return 1
}

take_away() {
    local name=$1 patch=$here/$1.patch test
    test=$(sed -n 's/^Test: //p' "$patch" | sed -n 1p)
    [[ -n $test ]] || fail "$name names no test"
    git apply "$patch"
    local result=0
    run_test "$test" || result=$?
    git apply --reverse "$patch"
    # So that Cargo sees the change back, which may come within the same second.
    sed -n 's#^+++ b/##p' "$patch" | xargs touch
    case $result in
        0) fail "$name: no test fails without it ($test)" ;;
        1) printf '%s: %s\n' "$name" "$(grep -m 1 -E '^test .* FAILED$' "$log")" ;;
        2) tail -n 50 "$log" >&2; fail "$name: there is no such test: $test" ;;
        *) tail -n 50 "$log" >&2; fail "$name does not compile" ;;
    esac
}

# The sentence stands in the document, wherever its lines break, and the patch applies.
check_patch() {
    local claim document
    claim=$(sed -n '1s/^Claim: //p' "$here/$1.patch")
    document=${claim%%: *}
    [[ -f $document ]] && tr -s '[:space:]' ' ' <"$document" | grep -F -- "${claim#*: }" >/dev/null ||
        fail "$1: these words are not in $document: ${claim#*: }"
    git apply --check "$here/$1.patch" || fail "$1 does not apply any more"
}

measures=("$@")
[[ $# -gt 0 ]] || for patch in "$here"/*.patch; do measures+=("$(basename "$patch" .patch)"); done
for name in "${measures[@]}"; do check_patch "$name"; done
shard=${MEASURES_SHARD:-1/1} number=0
for name in "${measures[@]}"; do
    number=$((number + 1))
    [[ $((number % ${shard#*/})) -eq $((${shard%/*} % ${shard#*/})) ]] || continue
    take_away "$name"
done
printf 'measures: shard %s of %d, each missed by a test\n' "$shard" "${#measures[@]}"
