#!/usr/bin/env bash
# gitlab.sh [FILE]: puts action.sh into the GitLab component, templates/bitsup.yml or FILE. A pipeline that includes a
# component gets no other file of its project.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:-templates/bitsup.yml}
made=$(mktemp)
trap 'rm -f "$made"' EXIT
awk '
    / # packaging\/action.sh ends/ { inside = 0 }
    !inside { print }
    / # packaging\/action.sh begins/ {
        inside = 1
        while ((getline line < "packaging/action.sh") > 0) print (line == "" ? "" : "      " line)
    }
' "$file" >"$made"
cat "$made" >"$file"
