#!/usr/bin/env bash
# check-manifests.sh: the manifests name what a release has. Each download is looked for among the archives, and its
# checksum is compared.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BITSUP_MANIFEST=$work/Cargo.toml
repository=https://git.example.com/team/bitsup
grep -v '^repository = ' Cargo.toml |
    sed "s|^readme = .*|&\nrepository = \"$repository\"|; s|@bitsup.invalid>|@example.com>|" >"$BITSUP_MANIFEST"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)

# The targets of the release, from its workflow.
mapfile -t targets < <(sed -n 's/^ *- { target: \([^,]*\),.*/\1/p' .github/workflows/release.yml)
((${#targets[@]} >= 6)) || { echo "targets of release.yml: ${targets[*]}" >&2; exit 1; }
mkdir "$work/dist"
for target in "${targets[@]}"; do
    kind=tar.gz
    [[ $target != *windows* ]] || kind=zip
    echo "$target" >"$work/dist/bitsup-$version-$target.$kind"
    (cd "$work/dist" && sha256sum "bitsup-$version-$target.$kind" >"bitsup-$version-$target.$kind.sha256")
done

packaging/manifests.sh "$work/dist" "$work/out"
# downloads FILE: each address in it, and the checksum in the lines after it, fit an archive.
downloads() {
    local url sum count=0
    while read -r url sum; do
        [[ $url == "$repository/releases/download/v$version/"* ]] || { echo "$1: $url" >&2; return 1; }
        (cd "$work/dist" && echo "$sum  ${url##*/}" | sha256sum --check --quiet -)
        count=$((count + 1))
    done < <(grep -v '[$]version' "$1" | grep -oE "https://[^\"]*\.(zip|tar\.gz)|\b[0-9a-f]{64}\b" | paste -d ' ' - -)
    [[ $count == "$2" ]] || { echo "$1: $count downloads" >&2; return 1; }
}
downloads "$work/out/scoop-bitsup.json" 2
downloads "$work/out/bitsup.bitsup.installer.yaml" 2
downloads "$work/out/homebrew-bitsup.rb" 4
grep -qxF "repository='$repository'" "$work/out/install.sh"
sh -n "$work/out/install.sh"
if command -v python3 >/dev/null; then python3 -m json.tool "$work/out/scoop-bitsup.json" >/dev/null; fi
if command -v ruby >/dev/null; then
    ruby -c "$work/out/homebrew-bitsup.rb" >/dev/null
else
    echo "SKIPPED: the syntax of the Homebrew formula needs ruby"
fi
if command -v yamllint >/dev/null; then
    yamllint --strict -d '{extends: relaxed, rules: {line-length: disable}}' "$work"/out/*.yaml
else
    echo "SKIPPED: the syntax of the winget manifests needs yamllint"
fi

# cargo-binstall finds the archives, and the program in them.
binstall() {
    sed -n "/^\[package.metadata.binstall$1\]/,/^\$/s/^$2 = \"\(.*\)\"\$/\1/p" Cargo.toml
}
for target in "${targets[@]}"; do
    format=$(binstall "" pkg-fmt) suffix=tar.gz
    if [[ $target == *windows* ]]; then format=$(binstall ".overrides.$target" pkg-fmt) suffix=zip; fi
    [[ $suffix == "${format/#tgz/tar.gz}" ]] || { echo "cargo-binstall: $target has $format" >&2; exit 1; }
    url=$(binstall "" pkg-url | sed "s|{ repo }|$repository|; s|{ version }|$version|g; s|{ target }|$target|")
    [[ $url == "$repository/releases/download/v$version/bitsup-$version-$target{ archive-suffix }" ]] ||
        { echo "cargo-binstall: $url" >&2; exit 1; }
done
[[ $(binstall "" bin-dir) == "bitsup-{ version }-{ target }/{ bin }{ binary-ext }" ]]

# A release with an archive less is refused.
rm "$work/dist/bitsup-$version-aarch64-apple-darwin.tar.gz.sha256"
if packaging/manifests.sh "$work/dist" "$work/less" 2>"$work/errors"; then exit 1; fi
grep -qF "no archive for aarch64-apple-darwin" "$work/errors"
echo "manifests: Scoop, winget, Homebrew and cargo-binstall find the archives"
