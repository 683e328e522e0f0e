#!/usr/bin/env bash
# project.sh: prints `version=…` and `repository=…` of Cargo.toml, as lines for a shell.
# project.sh --release [TAG]: fails unless all that a release needs is set: `repository` in Cargo.toml is the one place
# for the project's public address, the Debian maintainer has an address that exists, and TAG is the version's.
# BITSUP_MANIFEST names another Cargo.toml.
set -euo pipefail
manifest=${BITSUP_MANIFEST:-$(dirname "$0")/../Cargo.toml}

# field NAME: of the package; its table is the first.
field() {
    sed -n "/^\[package\]/,/^\[[^p]/s/^$1 = \"\(.*\)\"\$/\1/p" "$manifest" | sed -n 1p
}

version=$(field version)
repository=$(field repository)
repository=${repository%/}

refuse() {
    echo "project.sh: no release: $1" >&2
    exit 1
}

if [[ ${1:-} == --release ]]; then
    [[ $repository =~ ^https://[^/]+/[^/]+/[^/]+$ ]] ||
        refuse "set \`repository = \"https://HOST/OWNER/NAME\"\` under [package] in Cargo.toml; it is \"$repository\""
    ! grep -q '^maintainer = .*\.invalid>"$' "$manifest" ||
        refuse "the maintainer in [package.metadata.deb] of Cargo.toml has no address that exists"
    [[ -z ${2:-} || $2 == "v$version" ]] || refuse "the tag is $2, and the version in Cargo.toml is $version"
fi
printf 'version=%q\nrepository=%q\n' "$version" "$repository"
