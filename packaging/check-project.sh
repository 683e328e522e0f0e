#!/usr/bin/env bash
# check-project.sh: a release is refused without the project's public addresses, or with another version's tag.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BITSUP_MANIFEST=$work/Cargo.toml
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)

# manifest REPOSITORY MAINTAINER
manifest() {
    grep -v '^repository = ' Cargo.toml |
        sed "s|^readme = .*|&${1:+\\nrepository = \"$1\"}|; s|<maintainers@.*>|<$2>|" >"$BITSUP_MANIFEST"
}

# refused TEXT [TAG]
refused() {
    if packaging/project.sh --release ${2:+"$2"} 2>"$work/errors"; then
        echo "not refused: $1" >&2
        return 1
    fi
    grep -qF "$1" "$work/errors" || { cat "$work/errors" >&2; return 1; }
}

manifest "" maintainers@example.com
refused 'set `repository = '
manifest "http://git.example.com/team/bitsup" maintainers@example.com
refused 'it is "http://git.example.com/team/bitsup"'
manifest "https://git.example.com/team/bitsup" maintainers@bitsup.invalid
refused "the maintainer"
manifest "https://git.example.com/team/bitsup/" maintainers@example.com
refused "the tag is v9.9.9, and the version in Cargo.toml is $version" v9.9.9
printf 'version=%s\nrepository=https://git.example.com/team/bitsup\n' "$version" >"$work/expected"
packaging/project.sh --release "v$version" | cmp - "$work/expected"
manifest "" maintainers@example.com
[[ $(packaging/project.sh) == "version=$version"$'\n'"repository=''" ]]
echo "project.sh: a release needs the public addresses and the version's tag"
