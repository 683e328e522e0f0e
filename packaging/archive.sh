#!/usr/bin/env bash
# archive.sh TARGET BINARY FOLDER: puts a release's archive for a target into a folder, with its checksum and its bill of
# materials beside it. The same files always make the same archive. FEATURES are those of the program (default: those of
# features.sh).
set -euo pipefail
target=$1 binary=$(realpath "$2")
mkdir -p "$3"
out=$(realpath "$3")
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)
name=bitsup-$version-$target
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$staging/$name"/{completions,docs,man}
python=$(command -v python3 || command -v python)
FEATURES=${FEATURES-$(packaging/features.sh "$target")} "$python" packaging/inventory.py "$target" \
    "$staging/$name/THIRD-PARTY-LICENSES.txt" "$out/$name.cdx.json"
suffix=
[[ $target != *windows* ]] || suffix=.exe
cp "$binary" "$staging/$name/bitsup$suffix"
cp README.md CHANGELOG.md SECURITY.md LICENSE-APACHE LICENSE-MIT "$staging/$name/"
cp man/*.1 "$staging/$name/man/"
cp docs/* "$staging/$name/docs/"
find completions -type f ! -name '*.sh' -exec cp {} "$staging/$name/completions/" \;

case $target in
    *windows*)
        archive=$name.zip
        (cd "$staging" && 7z a -bso0 "$out/$archive" "$name")
        ;;
    *)
        archive=$name.tar.gz
        # macOS has no GNU tar; its archives are not the same each time.
        if [[ $(tar --version) == *GNU* ]]; then
            tar -C "$staging" --sort=name --owner=0 --group=0 --numeric-owner --mode=go+rX,go-w \
                --mtime=@"${SOURCE_DATE_EPOCH:-0}" -c "$name" | gzip -9n >"$out/$archive"
        else
            tar -C "$staging" -czf "$out/$archive" "$name"
        fi
        ;;
esac
cd "$out"
if command -v sha256sum >/dev/null; then sha256sum "$archive"; else shasum -a 256 "$archive"; fi >"$archive.sha256"
echo "$out/$archive"
