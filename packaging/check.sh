#!/usr/bin/env bash
# check.sh: builds the Debian package and the archive from target/release/bitsup, installs the package, and looks at what
# is there then. Where it cannot be installed it is unpacked instead, and says so. Needs cargo-deb.
set -euo pipefail
cd "$(dirname "$0")/.."
target_dir=${CARGO_TARGET_DIR:-target}
binary=$target_dir/release/bitsup

main() {
    local work
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    debian "$work"
    archive "$work"
    echo "packages: all files are there"
}

debian() {
    local package=$1/bitsup.deb
    cargo deb --no-build --locked --quiet --output "$package"
    dpkg-deb --info "$package"
    dpkg-deb -x "$package" "$1/root"
    check_files "$1/root"
    if ! may_install; then
        echo "NOT INSTALLED: that needs root, and no bitsup that is there already; it was unpacked only"
        run_it "$1/root"
        return
    fi
    dpkg -i "$package" || { dpkg -P bitsup; return 1; }
    run_it /
    dpkg -P bitsup
    [[ ! -e /usr/bin/bitsup ]]
}

may_install() {
    [[ $EUID -eq 0 && ! -e /usr/bin/bitsup ]]
}

# Of what was unpacked: some machines leave manuals out when they install.
check_files() {
    local root=$1 file page
    for file in \
        usr/bin/bitsup \
        usr/share/bash-completion/completions/bitsup \
        usr/share/fish/vendor_completions.d/bitsup.fish \
        usr/share/doc/bitsup/copyright \
        usr/share/doc/bitsup/LICENSE-MIT \
        usr/share/doc/bitsup/LICENSE-APACHE; do
        [[ -s $root/$file || -s $root/$file.gz ]] || { echo "missing in the package: $file" >&2; return 1; }
    done
    for page in man/*.1; do
        file=usr/share/man/man1/$(basename "$page").gz
        gzip -dc "$root/$file" | cmp - "$page" || { echo "wrong in the package: $file" >&2; return 1; }
    done
    cmp "$root/usr/share/zsh/vendor-completions/_bitsup" completions/_bitsup
}

# run_it ROOT: the whole job, by the program that is in the package.
run_it() {
    local bitsup=${1%/}/usr/bin/bitsup
    "$bitsup" --version
    "$bitsup" try -q
}

archive() {
    local made
    made=$(packaging/archive.sh "$(rustc -vV | sed -n 's/^host: //p')" "$binary" "$1/dist")
    (cd "$1/dist" && sha256sum -c -- *.sha256)
    local listed
    listed=$(tar -tzf "$made")
    for file in bitsup LICENSE-MIT man/bitsup-upload.1 completions/_bitsup docs/iis.md; do
        grep -q "/$file\$" <<<"$listed" || { echo "missing in the archive: $file" >&2; return 1; }
    done
}

main
