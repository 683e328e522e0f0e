#!/usr/bin/env bash
# Plants each bug of this folder in a copy of the project and requires the simulation to find it. All of them are in code
# that is shipped. With names of bugs: only these.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}/planted-bugs"
# Built anew for each bug, so without optimisation: that takes longer than to find it.
export CARGO_INCREMENTAL=1

copy=$(mktemp -d)
trap 'rm -rf "$copy" "$copy.log"' EXIT
# With the time of now (-m): else Cargo takes what an earlier run built from its last bug for newer than the sources.
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xmf - -C "$copy"
cd "$copy"
# Outside of any repository, `git apply` takes paths as they are.
export GIT_CEILING_DIRECTORIES="$copy"

fail() {
    printf 'planted bugs: %s\n' "$1" >&2
    exit 1
}

# simulation FAULTS SEEDS
simulation() {
    BITSUP_SIM_FAULTS=$1 BITSUP_SIM_SEEDS=$2 cargo test --quiet --test simulation >"$copy.log" 2>&1
}

# One fault shows most of them within seconds. A bug that two do not show is planted no deeper than that.
is_missed() {
    simulation 1 100000 && simulation 2 100000
}

bugs=("$@")
[ $# -gt 0 ] || bugs=("$here"/*.patch)
simulation 1 100000 || { tail -n 50 "$copy.log" >&2; fail "the simulation fails without a bug"; }
found=0
for bug in "${bugs[@]}"; do
    name=$(basename "$bug" .patch)
    git apply "$here/$name.patch" || fail "$name does not apply any more"
    cargo test --quiet --test simulation --no-run >"$copy.log" 2>&1 || { tail -n 50 "$copy.log" >&2; fail "$name does not compile"; }
    if is_missed; then fail "$name was not found"; fi
    printf '%s: found\n' "$name"
    grep -m 1 -E '; faults: \[|BITSUP_SIM_SEED' "$copy.log" || { tail -n 50 "$copy.log" >&2; fail "$name: failed, but not by the simulation's checks"; }
    git apply --reverse "$here/$name.patch"
    found=$((found + 1))
done
[ $# -gt 0 ] || [ "$found" -ge 20 ] || fail "only $found bugs were planted"
printf 'planted bugs: %d of %d found\n' "$found" "${#bugs[@]}"
