#!/usr/bin/env bash
# package.sh OUT [TARGET]: the Debian and RPM packages of the program that was built for a target, with their checksums.
# Without TARGET it is what Cargo built for this machine. PROFILE is Cargo's profile (default: dist). Makes the packages
# whose tools are there: cargo-deb, cargo-generate-rpm.
set -euo pipefail
mkdir -p "$1"
out=$(realpath "$1") target=${2:-}
cd "$(dirname "$0")/.."
profile=${PROFILE:-dist}

mkdir -p target
host=$(rustc -vV | sed -n 's/^host: //p')
FEATURES=${FEATURES-$(packaging/features.sh "${target:-$host}")} \
    packaging/inventory.py "${target:-$host}" target/THIRD-PARTY-LICENSES.txt target/sbom.cdx.json
made=()
if cargo deb --version >/dev/null 2>&1; then
    made+=("$(cargo deb --no-build --locked --quiet --profile "$profile" ${target:+--target "$target"} --output "$out")")
fi
if cargo generate-rpm --version >/dev/null 2>&1; then
    cargo generate-rpm --profile "$profile" ${target:+--target "$target"} --output "$out"
    made+=("$out"/*.rpm)
fi
for package in "${made[@]}"; do
    echo "$package"
    (cd "$out" && sha256sum "$(basename "$package")" >"$package.sha256")
done
