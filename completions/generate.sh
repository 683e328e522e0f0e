#!/usr/bin/env bash
# Writes what the program prints about itself: completions, manual pages, the help of each verb, and the schemas
# of its JSON.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet
bitsup="${CARGO_TARGET_DIR:-target}/debug/bitsup"

# The width of a terminal would go before COLUMNS, so the program gets none to see.
help() {
    COLUMNS=100 "$bitsup" "$@" </dev/null 2>/dev/null | sed 's/[[:space:]]*$//'
}

for pair in bash:bitsup.bash zsh:_bitsup fish:bitsup.fish powershell:_bitsup.ps1 elvish:bitsup.elv; do
    "$bitsup" completions "${pair%%:*}" >"completions/${pair#*:}"
done

rm -rf man
"$bitsup" man man

# Each page of the manual is a verb.
rm -f tests/help/*.txt
mkdir -p tests/help
for page in man/*.1; do
    name=$(basename "$page" .1)
    read -ra verb <<<"${name//-/ }"
    help "${verb[@]:1}" -h >"tests/help/$name.short.txt"
    help "${verb[@]:1}" --help >"tests/help/$name.long.txt"
done

# The tests that compare them write them too.
BITSUP_WRITE_SCHEMAS=1 cargo test --quiet --lib schema >/dev/null
