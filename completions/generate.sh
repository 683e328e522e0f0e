#!/usr/bin/env bash
# Writes the completions, and the options in README.md, as the program prints them now.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet
bitsup="${CARGO_TARGET_DIR:-target}/debug/bitsup"

for pair in bash:bitsup.bash zsh:_bitsup fish:bitsup.fish powershell:_bitsup.ps1 elvish:bitsup.elv; do
    "$bitsup" completions "${pair%%:*}" >"completions/${pair#*:}"
done

# The width of a terminal would go before COLUMNS, so the program gets none to see.
help=$(COLUMNS=100 "$bitsup" upload -h </dev/null 2>/dev/null | sed 's/[[:space:]]*$//')
readme=$(HELP="$help" awk '
    /^<!-- bitsup upload -h -->$/ { found = 1 }
    found && /^```/ { fences++; if (fences == 1) { print; print ENVIRON["HELP"]; next } }
    !(found && fences == 1) { print }
' README.md)
printf '%s\n' "$readme" >README.md
