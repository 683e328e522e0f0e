#!/usr/bin/env bash
# build.sh TARGET [CARGO ARGUMENT...]: builds the program of a release for a target, and prints its path. Its bytes do
# not depend on the folder of the sources nor on CARGO_HOME: no path of the machine that builds is in it.
# PROFILE is Cargo's profile (default: dist), FEATURES its features (default: those of features.sh).
set -euo pipefail
target=$1
shift
cd "$(dirname "$0")/.."
profile=${PROFILE:-dist}

# path FOLDER: as the compiler sees it.
path() {
    if command -v cygpath >/dev/null; then cygpath -w "$1"; else (cd "$1" && pwd -P); fi
}

mkdir -p "${CARGO_TARGET_DIR:=target}"
flags=(
    "--remap-path-prefix=$(path "${CARGO_HOME:-$HOME/.cargo}")=/cargo"
    "--remap-path-prefix=$(path .)=/bitsup"
    "--remap-path-prefix=$(path "$CARGO_TARGET_DIR")=/bitsup/target"
)
# No C runtime to install. musl is static in any case.
[[ $target != *windows-msvc ]] || flags+=(-C target-feature=+crt-static)

# Divided by a character that no path has, unlike the spaces of RUSTFLAGS.
encoded=$(printf '\x1f%s' "${flags[@]}")
CARGO_ENCODED_RUSTFLAGS=${encoded#?} cargo build --locked --profile "$profile" --target "$target" \
    --features "${FEATURES-$(packaging/features.sh "$target")}" "$@" >&2

suffix=
[[ $target != *windows* ]] || suffix=.exe
folder=$profile
[[ $profile != dev ]] || folder=debug
echo "$CARGO_TARGET_DIR/$target/$folder/bitsup$suffix"
