#!/usr/bin/env bash
# Plants each bug of this folder in a copy of the project and requires the simulation to find it. All of them are in code
# that is shipped. With names of bugs: only these.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=copy.sh
. "$here/copy.sh"
copy_project "$root" planted-bugs

fail() {
    printf 'planted bugs: %s\n' "$1" >&2
    exit 1
}

# simulation FAULTS SEEDS
simulation() {
    BITSUP_SIM_FAULTS=$1 BITSUP_SIM_SEEDS=$2 cargo test --quiet --test simulation >"$log" 2>&1
}

# One fault shows most of them within seconds. A bug that two do not show is planted no deeper than that.
is_missed() {
    simulation 1 100000 && simulation 2 100000
}

bugs=("$@")
[ $# -gt 0 ] || bugs=("$here"/*.patch)
simulation 1 100000 || { tail -n 50 "$log" >&2; fail "the simulation fails without a bug"; }
found=0
for bug in "${bugs[@]}"; do
    name=$(basename "$bug" .patch)
    git apply "$here/$name.patch" || fail "$name does not apply any more"
    cargo test --quiet --test simulation --no-run >"$log" 2>&1 || { tail -n 50 "$log" >&2; fail "$name does not compile"; }
    if is_missed; then fail "$name was not found"; fi
    printf '%s: found\n' "$name"
    grep -m 1 -E '; faults: \[|BITSUP_SIM_SEED' "$log" || { tail -n 50 "$log" >&2; fail "$name: failed, but not by the simulation's checks"; }
    git apply --reverse "$here/$name.patch"
    found=$((found + 1))
done
[ $# -gt 0 ] || [ "$found" -ge 20 ] || fail "only $found bugs were planted"
printf 'planted bugs: %d of %d found\n' "$found" "${#bugs[@]}"
