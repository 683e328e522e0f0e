#!/bin/sh
# install.sh [--to DIR] [--version V]: installs the released bitsup for this system and processor, for this user:
# into ~/.local/bin, or DIR. Without --version it is the latest release. Nothing is installed unless the archive's
# SHA-256 is the published one and the program runs. Needs curl or wget, and tar; on Windows a shell such as Git Bash.
#
# BITSUP_REPOSITORY is the address of the project, https://HOST/OWNER/NAME; a release's own copy of this file knows it.
set -eu

repository='@REPOSITORY@'

# All is in functions, and the last line calls them: a script that was cut off in a pipe does nothing.
main() {
    to='' version=''
    while [ $# -gt 0 ]; do
        case $1 in
            --to | --version) [ $# -ge 2 ] || fail "$1 needs a value" ;;
        esac
        case $1 in
            --to) to=$2 && shift ;;
            --to=*) to=${1#*=} ;;
            --version) version=$2 && shift ;;
            --version=*) version=${1#*=} ;;
            -h | --help) usage && return ;;
            *) fail "unknown argument: $1 (see --help)" ;;
        esac
        shift
    done
    version=${version#v}
    case $version in
        *[!0-9A-Za-z.+-]*) fail "not a version: $version" ;;
    esac
    [ -n "$to" ] || to=${HOME:?"is not set; use --to DIR"}/.local/bin
    repository=${BITSUP_REPOSITORY:-$repository}
    case $repository in
        http://* | https://*) repository=${repository%/} ;;
        *) fail "set BITSUP_REPOSITORY to the address of the project, such as https://HOST/OWNER/NAME" ;;
    esac

    choose_target
    work=$(mktemp -d) new=''
    trap 'rm -rf "$work" ${new:+"$new"}' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    download
    install
}

usage() {
    cat <<'END'
install.sh [--to DIR] [--version V]

Installs bitsup for this user.

  --to DIR     the folder for the program (default: ~/.local/bin)
  --version V  this release (default: the latest one)
END
}

fail() {
    echo "install.sh: error: $1" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Sets `target` and what depends on it.
choose_target() {
    system=$(uname -s) cpu=$(uname -m) kind=tar.gz suffix=
    case $system in
        # An emulated shell on Windows gives the emulated processor.
        *-ARM64) cpu=aarch64 ;;
    esac
    case $cpu in
        x86_64 | amd64) cpu=x86_64 ;;
        aarch64 | arm64) cpu=aarch64 ;;
        *) fail "there is no release for the processor $cpu; build bitsup from its source" ;;
    esac
    case $system in
        Linux) target=$cpu-unknown-linux-musl ;;
        Darwin) target=$cpu-apple-darwin ;;
        MINGW* | MSYS* | CYGWIN*) target=$cpu-pc-windows-msvc kind=zip suffix=.exe ;;
        *) fail "there is no release for the system $system; build bitsup from its source" ;;
    esac
}

# fetch URL FILE
fetch() {
    if has curl; then
        case $1 in
            https:*) curl -fsSL --proto '=https' --retry 3 --connect-timeout 30 -o "$2" "$1" ;;
            *) curl -fsSL --retry 3 --connect-timeout 30 -o "$2" "$1" ;;
        esac
    elif has wget; then
        wget -q -O "$2" "$1"
    else
        fail "curl or wget is needed"
    fi || fail "cannot download $1"
}

# Sets `name` and leaves the archive in the work folder, its checksum compared.
download() {
    if [ -n "$version" ]; then
        fetch "$repository/releases/download/v$version/SHA256SUMS" "$work/SHA256SUMS"
    else
        fetch "$repository/releases/latest/download/SHA256SUMS" "$work/SHA256SUMS"
    fi
    # A line is a digest, two characters, and a name.
    sum='' archive=''
    while read -r sum archive; do
        archive=${archive#\*}
        case $archive in
            bitsup-*"-$target.$kind") break ;;
        esac
        sum='' archive=''
    done <"$work/SHA256SUMS"
    [ -n "$sum" ] || fail "the release has no archive for $target: $repository/releases"
    name=${archive%."$kind"}
    version=${name#bitsup-} && version=${version%-"$target"}
    case $version in
        '' | *[!0-9A-Za-z.+-]*) fail "not the name of an archive: $archive" ;;
    esac
    fetch "$repository/releases/download/v$version/$archive" "$work/$archive"
    actual=$(digest "$work/$archive")
    [ "$actual" = "$sum" ] ||
        fail "$archive is damaged or was replaced: its SHA-256 is $actual, the published one is $sum"
}

digest() {
    if has sha256sum; then
        sha256sum <"$1"
    elif has shasum; then
        shasum -a 256 <"$1"
    elif has openssl; then
        openssl dgst -sha256 -r <"$1"
    else
        fail "sha256sum, shasum or openssl is needed"
    fi | cut -d ' ' -f 1
}

# The program gets its name only when it has run; an older one is replaced in one step.
install() {
    if [ "$kind" = zip ] && has unzip; then
        unzip -q "$work/$archive" "$name/bitsup$suffix" -d "$work"
    elif [ "$kind" = zip ]; then
        tar -xf "$work/$archive" -C "$work" "$name/bitsup$suffix"
    else
        tar -xzf "$work/$archive" -C "$work" "$name/bitsup$suffix"
    fi || fail "cannot unpack $archive"
    mkdir -p "$to" || fail "cannot make the folder $to"
    new=$to/.bitsup-new-$$$suffix
    cp "$work/$name/bitsup$suffix" "$new" || fail "cannot write to $to"
    chmod 755 "$new"
    said=$("$new" --version) || fail "the program for $target does not run on this machine"
    mv -f "$new" "$to/bitsup$suffix" || fail "cannot replace $to/bitsup$suffix"
    echo "installed $said as $to/bitsup$suffix"
    case :$PATH: in
        *":$to:"*) ;;
        *) echo "$to is not in PATH" ;;
    esac
}

main "$@"
