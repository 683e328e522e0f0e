#!/usr/bin/env bash
# manifests.sh DIST OUT: fills the manifests of Scoop, winget and Homebrew, and install.sh, for the archives in DIST, whose
# checksums lie beside them.
set -euo pipefail
dist=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
cd "$(dirname "$0")/.."
eval "$(packaging/project.sh --release)"
description=$(sed -n 's/^description = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)

# digest TARGET
digest() {
    # shellcheck disable=SC2154
    local files=("$dist/bitsup-$version-$1".*.sha256)
    cut -d ' ' -f 1 "${files[0]}" || { echo "no archive for $1 in $dist" >&2; return 1; }
}

# fill TEMPLATE FILE
fill() {
    local text target sum
    text=$(cat "$1")
    # shellcheck disable=SC2154
    text=${text//@REPOSITORY@/$repository}
    text=${text//@VERSION@/$version}
    text=${text//@DESCRIPTION@/$description}
    while [[ $text =~ @SHA256\ ([a-z0-9_-]+)@ ]]; do
        target=${BASH_REMATCH[1]}
        sum=$(digest "$target")
        text=${text//"@SHA256 $target@"/$sum}
    done
    [[ ! $text =~ @[A-Z0-9]+ ]] || { echo "not filled in $1: ${BASH_REMATCH[0]}" >&2; return 1; }
    printf '%s\n' "$text" >"$2"
}

fill packaging/install.sh "$out/install.sh"
fill packaging/templates/scoop.json "$out/scoop-bitsup.json"
fill packaging/templates/homebrew.rb "$out/homebrew-bitsup.rb"
for kind in yaml installer.yaml locale.en-US.yaml; do
    fill "packaging/templates/winget.$kind" "$out/bitsup.bitsup.$kind"
done
