#!/usr/bin/env bash
# check.sh: all of packaging/ that works on this machine, with target/release/bitsup: the linters, the scripts of releases,
# the installer, the GitHub Action and the GitLab component, the packages, the archive, and for musl the container image
# and with REPRODUCE=1 two builds of the same bytes. What is missing here is skipped, with a line that begins with SKIPPED.
set -euo pipefail
cd "$(dirname "$0")/.."
target_dir=${CARGO_TARGET_DIR:-target}
binary=$target_dir/release/bitsup
# Those of `cargo build --release`.
export PROFILE=release FEATURES=
host=$(rustc -vV | sed -n 's/^host: //p')

main() {
    packaging/lint.sh
    packaging/check-project.sh
    packaging/check-manifests.sh
    packaging/check-install.sh "$binary"
    packaging/check-action.sh "$binary"
    # Global, for the trap.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if command -v python3 >/dev/null; then
        packages "$work"
        archive "$work"
    else
        echo "SKIPPED: packages and archives need python3"
    fi
    static_program "$work"
    echo "packaging: all that could be checked here is right"
}

packages() {
    packaging/package.sh "$1/packages"
    debian "$1"
    rpm_package "$1"
}

debian() {
    local package synopsis
    package=$(compgen -G "$1/packages/*.deb") || { echo "SKIPPED: the Debian package needs cargo-deb"; return; }
    dpkg-deb --info "$package"
    synopsis=$(dpkg-deb --field "$package" Description | sed -n 1p)
    ((${#synopsis} < 80)) || { echo "the synopsis has ${#synopsis} characters" >&2; return 1; }
    dpkg-deb -x "$package" "$1/root"
    check_files "$1/root"
    if ! may_install; then
        echo "SKIPPED: installing the Debian package needs root, and no bitsup that is there already; it is unpacked"
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
        usr/share/doc/bitsup/THIRD-PARTY-LICENSES.txt \
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
    local package query=(rpm --dbpath "$1/rpmdb" -qp)
    if ! package=$(compgen -G "$1/packages/*.rpm") || ! command -v rpm >/dev/null; then
        echo "SKIPPED: the RPM package needs rpm, and \`cargo install --locked --debug cargo-generate-rpm\`"
        return
    fi
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
    same_in_rpm "$1/files" /usr/share/licenses/bitsup/THIRD-PARTY-LICENSES.txt target/THIRD-PARTY-LICENSES.txt
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
    local made listed file
    made=$(packaging/archive.sh "$host" "$binary" "$1/dist")
    (cd "$1/dist" && sha256sum -c -- *.sha256)
    listed=$(tar -tzf "$made")
    for file in bitsup LICENSE-MIT THIRD-PARTY-LICENSES.txt man/bitsup-upload.1 completions/_bitsup docs/iis.md \
        docs/events.schema.json; do
        grep -q "/$file\$" <<<"$listed" || { echo "missing in the archive: $file" >&2; return 1; }
    done
    third_parties "$1" "$made"
}

# Each linked crate is in both lists: those that the program shows by the paths in its messages are a sample.
third_parties() {
    local texts crate count=0
    texts=$(tar -xzOf "$2" --wildcards '*/THIRD-PARTY-LICENSES.txt')
    while read -r crate; do
        grep -qF "$crate: " <<<"$texts" || { echo "no licence of $crate" >&2; return 1; }
        crate=${crate/ /@} && crate=${crate//+/%2B}
        grep -qF "pkg:cargo/$crate\"" "$1/dist/"*.cdx.json || { echo "not in the SBOM: $crate" >&2; return 1; }
        count=$((count + 1))
    done < <(grep -aoE 'registry/src/[^/]+/[a-z0-9_-]+-[0-9]+\.[0-9]+\.[0-9]+[a-z0-9.+-]*/' "$binary" |
        sed -E 's|.*/([^/]+)/$|\1|; s|-([0-9]+\.[0-9]+\.)| \1|' | sort -u)
    ((count > 10)) || { echo "only $count crates in the program" >&2; return 1; }
    echo "licences and SBOM: $count crates that the program names are in them"
}

# Not optimized for speed, and without NTLM: a minute or two a build.
static_program() {
    local target=${host%%-*}-unknown-linux-musl
    if [[ $host != *linux* ]] || ! command -v musl-gcc >/dev/null || ! rustup target add "$target" 2>/dev/null; then
        echo "SKIPPED: a static program needs the target $target and musl-gcc (Debian: musl-tools)"
        return
    fi
    if [[ -n ${REPRODUCE:-} ]]; then
        FEATURES=bundled-roots QUICK=1 packaging/reproducible.sh "$target" "$1/bitsup"
    else
        echo "NOT CHECKED: that two builds are the same bytes takes minutes more: REPRODUCE=1 packaging/check.sh"
        FEATURES=bundled-roots CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
            packaging/build.sh "$target" >"$1/path"
        cp "$(cat "$1/path")" "$1/bitsup"
    fi
    packaging/container.sh "$1/bitsup"
}

main
