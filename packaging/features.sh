#!/usr/bin/env bash
# features.sh TARGET: the Cargo features of a release for a target.
set -euo pipefail
features=windows-auth,bundled-roots
# Of the system itself there; elsewhere it would link a library that not every machine has.
[[ $1 != *windows* ]] || features+=,kerberos
echo "$features"
