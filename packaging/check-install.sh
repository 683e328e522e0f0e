#!/usr/bin/env bash
# check-install.sh BINARY: install.sh against releases on a server of this machine.
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d) server=
trap '[[ -z $server ]] || kill "$server" || true; rm -rf "$work"' EXIT

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: install.sh needs python3 for its server"
    exit
fi

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)
releases=$work/site/team/bitsup/releases

# release VERSION TARGET...: archives with the binary, as archive.sh names them. Windows' has a script that runs here.
release() {
    local folder=$releases/download/v$1 name target
    mkdir -p "$folder"
    for target in "${@:2}"; do
        name=bitsup-$1-$target
        mkdir "$work/$name"
        if [[ $target == *windows* ]]; then
            printf '#!/bin/sh\necho bitsup for Windows\n' >"$work/$name/bitsup.exe"
            (cd "$work" && python3 -m zipfile -c "$folder/$name.zip" "$name")
        else
            cp "$binary" "$work/$name/bitsup"
            tar -C "$work" -czf "$folder/$name.tar.gz" "$name"
        fi
        rm -r "${work:?}/$name"
    done
    # What else a release has.
    echo package >"$folder/bitsup_$1_amd64.deb"
    (cd "$folder" && sha256sum ./*bitsup* | sed 's|\./||' >SHA256SUMS)
}

cpu=$(uname -m)
release "$version" "$cpu-unknown-linux-musl" x86_64-pc-windows-msvc aarch64-apple-darwin
release 0.0.1 "$cpu-unknown-linux-musl"
release 0.0.2 "$cpu-unknown-linux-musl"
printf x >>"$releases/download/v0.0.2/bitsup-0.0.2-$cpu-unknown-linux-musl.tar.gz"
release 0.0.3 "$cpu-unknown-linux-musl"
rm "$releases/download/v0.0.3/"*.tar.gz
mkdir "$releases/latest"
ln -s "../download/v$version" "$releases/latest/download"

: >"$work/server"
python3 -u -m http.server --bind 127.0.0.1 --directory "$work/site" 0 >"$work/server" 2>&1 &
server=$!
for _ in {1..100}; do
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/server")
    [[ -z $port ]] || break
    sleep 0.1
done
export BITSUP_REPOSITORY=http://127.0.0.1:$port/team/bitsup HOME=$work/home
export no_proxy=127.0.0.1
mkdir "$HOME" "$work/fake"

# fake SYSTEM CPU: a uname that says so.
fake() {
    # shellcheck disable=SC2016
    printf '#!/bin/sh\ncase $1 in -s) echo %s ;; -m) echo %s ;; esac\n' "$1" "$2" >"$work/fake/uname"
    chmod +x "$work/fake/uname"
}

# only COMMAND...: a folder with no other commands than these and the usual ones, for PATH.
only() {
    local folder=$work/only-$* command
    mkdir "$folder"
    for command in sh uname mktemp rm mkdir tar gzip cut cp chmod mv cat "$@"; do
        ln -s "$(command -v "$command")" "$folder/$command"
    done
    echo "$folder"
}

# fails TEXT COMMAND...: with this error, and nothing is left behind.
fails() {
    local text=$1
    shift
    if "$@" >"$work/out" 2>"$work/errors"; then
        echo "no failure: $*" >&2
        return 1
    fi
    grep -qFe "$text" "$work/errors" || { echo "not '$text':" >&2; cat "$work/errors" >&2; return 1; }
    [[ ! -e $work/new ]] || { echo "left behind:" >&2; ls -lA "$work/new" >&2; return 1; }
}

# works FOLDER COMMAND...
works() {
    "${@:2}" >"$work/out"
    grep -qF " as $1/bitsup" "$work/out"
    [[ $(ls -A "$1") == bitsup ]] || { ls -lA "$1" >&2; return 1; }
    [[ $("$1/bitsup" --version) == "bitsup "* ]]
    rm "$1/bitsup"
}

shells=(sh bash)
if command -v dash >/dev/null; then shells+=(dash); fi
if command -v busybox >/dev/null; then shells+=("busybox sh"); fi
for shell in "${shells[@]}"; do
    # shellcheck disable=SC2086
    works "$HOME/.local/bin" $shell packaging/install.sh
    grep -qF "$HOME/.local/bin is not in PATH" "$work/out"
done
works "$work/with space" sh packaging/install.sh --to "$work/with space"
works "$work/old" sh packaging/install.sh --to="$work/old" --version v0.0.1
# shellcheck disable=SC2016
works "$work/piped" bash -c 'cat packaging/install.sh | sh -s -- --to "$1"' - "$work/piped"

# Over an older one.
mkdir "$work/over" && echo old >"$work/over/bitsup"
works "$work/over" sh packaging/install.sh --to "$work/over"

# A copy with its address filled in, as a release has it.
sed "s|@REPOSITORY@|$BITSUP_REPOSITORY|" packaging/install.sh >"$work/filled"
works "$work/filled-in" env -u BITSUP_REPOSITORY sh "$work/filled" --to "$work/filled-in"

# With each of the programs it can use, and without them.
sh=$(command -v sh)
for tools in "curl sha256sum" "wget sha256sum" "curl openssl" "curl shasum"; do
    # shellcheck disable=SC2086
    if ! command -v $tools >/dev/null || [[ $(command -v $tools | wc -l) != 2 ]]; then
        echo "SKIPPED: install.sh with $tools, which are not here"
        continue
    fi
    # shellcheck disable=SC2086
    folder=$(only $tools)
    # Perl's program needs Perl.
    [[ $tools != *shasum* ]] || ln -s "$(command -v perl)" "$folder/perl"
    works "$work/tools" env PATH="$folder" "$sh" packaging/install.sh --to "$work/tools"
done
fails "curl or wget is needed" env PATH="$(only sha256sum)" "$sh" packaging/install.sh --to "$work/new"
fails "sha256sum, shasum or openssl is needed" env PATH="$(only curl)" "$sh" packaging/install.sh --to "$work/new"

# Windows' archive, as Git Bash would ask for it; unpacked by unzip.
fake MINGW64_NT-10.0-20348 x86_64
if command -v unzip >/dev/null; then
    PATH=$work/fake:$PATH sh packaging/install.sh --to "$work/windows" >/dev/null
    [[ $("$work/windows/bitsup.exe") == "bitsup for Windows" ]]
else
    echo "SKIPPED: the archive for Windows, without unzip"
fi

install=(sh packaging/install.sh --to "$work/new")
fails "is damaged or was replaced: its SHA-256 is " "${install[@]}" --version 0.0.2
fails "cannot download $BITSUP_REPOSITORY/releases/download/v0.0.3/bitsup-0.0.3-" "${install[@]}" --version 0.0.3
fails "cannot download $BITSUP_REPOSITORY/releases/download/v7.7.7/SHA256SUMS" "${install[@]}" --version 7.7.7
fails "not a version: ../../x" "${install[@]}" --version ../../x
fails "unknown argument: --where" "${install[@]}" --where
fails "--version needs a value" "${install[@]}" --version
fails "set BITSUP_REPOSITORY" env -u BITSUP_REPOSITORY "${install[@]}"
fails "cannot download" env BITSUP_REPOSITORY="http://127.0.0.1:1" "${install[@]}"
fake Plan9 x86_64
fails "there is no release for the system Plan9" env PATH="$work/fake:$PATH" "${install[@]}"
fake Linux riscv64
fails "there is no release for the processor riscv64" env PATH="$work/fake:$PATH" "${install[@]}"
# The release knows the processor, but has no archive for this system.
fake Darwin x86_64
fails "the release has no archive for x86_64-apple-darwin" env PATH="$work/fake:$PATH" "${install[@]}"
# An archive with a program for other machines.
fake Darwin arm64
printf '#!/bin/sh\nexit 126\n' >"$work/foreign"
chmod +x "$work/foreign"
binary=$work/foreign release 0.0.4 aarch64-apple-darwin
if env PATH="$work/fake:$PATH" sh packaging/install.sh --to "$work/foreign-to" --version 0.0.4 2>"$work/errors"; then
    exit 1
fi
grep -qF "the program for aarch64-apple-darwin does not run on this machine" "$work/errors"
[[ -z $(ls -A "$work/foreign-to") ]]

# Cut off anywhere, the script installs nothing.
lines=$(wc -l <packaging/install.sh)
for ((count = 1; count < lines; count += 7)); do
    head -n "$count" packaging/install.sh | sh -s -- --to "$work/new" >/dev/null 2>&1 || true
    [[ ! -e $work/new ]] || { echo "installed by the first $count lines" >&2; exit 1; }
done
echo "install.sh: installs the right archive, and nothing when anything is wrong"
