#!/usr/bin/env bash
# check.sh: builds the packages and the archive from target/release/bitsup, installs the Debian one, and looks at what is
# there then. Where it cannot be installed it is unpacked instead, and says so. Needs cargo-deb; the RPM package is looked
# into where cargo-generate-rpm and rpm are there.
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
    rpm_package "$work"
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
        usr/share/doc/bitsup/docs/events.schema.json \
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

# It is not installed: that would be a second owner of files on a system of Debian's.
rpm_package() {
    if ! cargo generate-rpm --version >/dev/null 2>&1 || ! command -v rpm >/dev/null; then
        echo "NOT CHECKED: the RPM package; that needs rpm, and \`cargo install --locked --debug cargo-generate-rpm\`"
        return
    fi
    local package=$1/bitsup.rpm query=(rpm --dbpath "$1/rpmdb" -qp)
    cargo generate-rpm --output "$package"
    rpm --dbpath "$1/rpmdb" -K "$package"
    "${query[@]}" --info "$package"
    # A line a file: path, size, time, digest, mode.
    "${query[@]}" --dump "$package" >"$1/files"
    same_in_rpm "$1/files" /usr/bin/bitsup "$binary" 0100755
    same_in_rpm "$1/files" /usr/share/bash-completion/completions/bitsup completions/bitsup.bash
    same_in_rpm "$1/files" /usr/share/zsh/site-functions/_bitsup completions/_bitsup
    same_in_rpm "$1/files" /usr/share/fish/vendor_completions.d/bitsup.fish completions/bitsup.fish
    local file
    for file in man/*.1; do same_in_rpm "$1/files" "/usr/share/man/man1/${file#man/}" "$file"; done
    for file in docs/* README.md CHANGELOG.md SECURITY.md; do
        same_in_rpm "$1/files" "/usr/share/doc/bitsup/$file" "$file"
    done
    for file in LICENSE-*; do same_in_rpm "$1/files" "/usr/share/licenses/bitsup/$file" "$file"; done
}

# same_in_rpm LIST PATH FILE [MODE]
same_in_rpm() {
    local digest
    digest=$(sha256sum "$3" | cut -d' ' -f1)
    awk -v path="$2" -v digest="$digest" -v mode="${4:-0100644}" \
        '$1 == path && $4 == digest && $5 == mode { found = 1 } END { exit !found }' "$1" ||
        { echo "missing or wrong in the RPM package: $2" >&2; return 1; }
}

archive() {
    local made
    made=$(packaging/archive.sh "$(rustc -vV | sed -n 's/^host: //p')" "$binary" "$1/dist")
    (cd "$1/dist" && sha256sum -c -- *.sha256)
    local listed
    listed=$(tar -tzf "$made")
    for file in bitsup LICENSE-MIT man/bitsup-upload.1 completions/_bitsup docs/iis.md docs/events.schema.json; do
        grep -q "/$file\$" <<<"$listed" || { echo "missing in the archive: $file" >&2; return 1; }
    done
}

main
