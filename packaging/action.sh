#!/bin/sh
# action.sh: the upload of the GitHub Action (action.yml) and of the GitLab component (templates/bitsup.yml). It
# reads the environment, so that no value becomes part of a command:
#   BITSUP_ACTION_FILES    a file or a pattern a line
#   BITSUP_ACTION_URL      the destination
#   BITSUP_ACTION_OPTIONS  further options of `bitsup upload`, one a line
#   BITSUP_ACTION_OUTPUT   a folder for bitsup-summary.json and bitsup.env, for GitLab
# and bitsup itself reads BITSUP_USER, BITSUP_PASSWORD, BITSUP_VERIFY, BITSUP_STATE_DIR and the like.
# Its exit code is bitsup's. The code and the JSON summary are written to $GITHUB_OUTPUT, also after a failure.
set -uf
newline='
'

# trimmed TEXT: without spaces around it, in `text`.
trimmed() {
    text=$(printf '%s' "$1" | tr -d '\r' | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
}

set --
IFS=$newline
for line in ${BITSUP_ACTION_OPTIONS:-}; do
    trimmed "$line"
    [ -z "$text" ] || set -- "$@" "$text"
done
set -- "$@" --
for line in ${BITSUP_ACTION_FILES:-}; do
    trimmed "$line"
    [ -n "$text" ] || continue
    # No name is an option, nor standard input.
    case $text in -*) text=./$text ;; esac
    if [ -e "$text" ]; then
        set -- "$@" "$text"
        continue
    fi
    # Patterns are expanded, and nothing is split. bitsup reports one without a match as a missing file.
    IFS='' && set +f
    for file in $text; do set -- "$@" "$file"; done
    set -f && IFS=$newline
done
unset IFS
set -- "$@" "${BITSUP_ACTION_URL:-}"

# In the background: a service that cancels a job signals only the shell, which passes it on. bitsup keeps its
# session then.
events=$(mktemp) || exit 1
bitsup upload --json --progress plain "$@" </dev/null >"$events" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' HUP INT TERM
code=0
wait "$child" || code=$?
# A signal ends the waiting, not yet the upload.
while kill -0 "$child" 2>/dev/null; do
    code=0
    wait "$child" || code=$?
done

# One line, whatever a server said, so that it cannot begin another output.
summary=$(tail -n 1 "$events" | tr -d '\r')
rm -f "$events"
case $summary in
    '{'*'"event":"summary"'*'}') ;;
    *) summary='{}' ;;
esac
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    printf 'exit-code=%s\nsummary=%s\n' "$code" "$summary" >>"$GITHUB_OUTPUT"
fi
if [ -n "${BITSUP_ACTION_OUTPUT:-}" ]; then
    printf '%s\n' "$summary" >"$BITSUP_ACTION_OUTPUT/bitsup-summary.json"
    printf 'BITSUP_EXIT_CODE=%s\n' "$code" >"$BITSUP_ACTION_OUTPUT/bitsup.env"
fi
exit "$code"
