#!/usr/bin/env bash
# Plants each bug of this folder in a copy of the project and requires the simulation to find it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}/planted-bugs"
# A bug that two faults do not show is planted no deeper than that.
export BITSUP_SIM_FAULTS=2 BITSUP_SIM_SEEDS=20000

copy=$(mktemp -d)
trap 'rm -rf "$copy" "$copy.log"' EXIT
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xf - -C "$copy"
cd "$copy"
# Outside of any repository, `git apply` takes paths as they are.
export GIT_CEILING_DIRECTORIES="$copy"

fail() {
    printf 'planted bugs: %s\n' "$1" >&2
    exit 1
}

simulation() {
    cargo test --quiet --test simulation >"$copy.log" 2>&1
}

simulation || { cat "$copy.log" >&2; fail "the simulation fails without a bug"; }
found=0
for bug in "$here"/*.patch; do
    name=$(basename "$bug" .patch)
    git apply "$bug" || fail "$name does not apply any more"
    cargo test --quiet --test simulation --no-run >"$copy.log" 2>&1 || { cat "$copy.log" >&2; fail "$name does not compile"; }
    if simulation; then fail "$name was not found"; fi
    printf '%s: found\n' "$name"
    grep -m 1 -E 'Err\("|BITSUP_SIM_SEED' "$copy.log" || fail "$name: failed, but not by the simulation's checks"
    git apply --reverse "$bug"
    found=$((found + 1))
done
[ "$found" -ge 5 ] || fail "only $found bugs were planted"
