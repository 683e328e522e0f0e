#!/usr/bin/env bash
# reproducible.sh TARGET [COPY]: builds the program in two folders of different lengths, with two Cargo homes, and
# compares the bytes. Keeps the program as COPY. With QUICK=1 it is hardly optimized: that takes less time, and
# shows the paths of the machine just as well.
set -euo pipefail
target=$1 copy=${2:+$(realpath -m "$2")}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

profile=${PROFILE:-dist}
if [[ -n ${QUICK:-} ]]; then
    name=CARGO_PROFILE_$(tr a-z- A-Z_ <<<"$profile")
    export "${name}_OPT_LEVEL=1" "${name}_LTO=off" "${name}_CODEGEN_UNITS=16"
fi

# build NAME CARGO_HOME: the sources in a folder of that name.
build() {
    local sources=$work/$1
    mkdir "$sources"
    git ls-files -z --cached --others --exclude-standard | tar --null -T - -c | tar -C "$sources" -x
    env -u CARGO_TARGET_DIR CARGO_HOME="$2" "$sources/packaging/build.sh" "$target" >"$work/path"
    mv "$sources/$(cat "$work/path")" "$work/$1.bitsup"
    rm -rf "$sources"
}

home=${CARGO_HOME:-$HOME/.cargo} second=$work/another-cargo-home
mkdir -p "$home/registry" "$second"
build a "$home"
# What is in the registry's folder never changes: links are enough where they can be made.
cp -al "$home/registry" "$second/registry" 2>/dev/null || {
    rm -rf "$second/registry"
    cp -a "$home/registry" "$second/registry"
}
build a-much-longer-name "$second"

sha256sum "$work"/*.bitsup
cmp "$work/a.bitsup" "$work/a-much-longer-name.bitsup"
for path in "$work" "$home"; do
    ! grep -qaF "$path" "$work/a.bitsup" || { echo "a path of this machine is in the program: $path" >&2; exit 1; }
done
[[ -z $copy ]] || cp "$work/a.bitsup" "$copy"
echo "reproducible: two folders and two Cargo homes make the same $(stat -c %s "$work/a.bitsup") bytes for $target"
