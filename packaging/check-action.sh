#!/usr/bin/env bash
# check-action.sh BINARY: the script of the GitHub Action and of the GitLab component, against the real receiver.
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")/.."
root=$PWD work=$(mktemp -d) server=
trap '[[ -z $server ]] || kill "$server" || true; rm -rf "$work"' EXIT

mkdir -p "$work"/{bin,fake,inbox,home,files/out}
ln -s "$binary" "$work/bin/bitsup"
printf 'one' >"$work/files/with space.zip"
printf 'two' >"$work/files/out/a b.txt"
printf 'three' >"$work/files/out/c.txt"
printf 'four' >"$work/files/out/[c].txt"
printf 'dash' >"$work/files/-v"
printf 'not this one' >"$work/files/with"
echo secret >"$work/password"
chmod 600 "$work/password"

# No settings of the person who runs this, nor of the service that this may run in.
unset "${!BITSUP_@}" "${!GITHUB_@}" "${!CI@}"
export HOME=$work/home XDG_CONFIG_HOME=$work/home BITSUP_STATE_DIR=$work/state PATH=$work/bin:$PATH

: >"$work/server"
"$binary" serve --listen 127.0.0.1:0 --overwrite --allow-read --user build --password-file "$work/password" \
    "$work/inbox" 2>"$work/server" &
server=$!
url=
for _ in {1..100}; do
    url=$(sed -n 's|.*listening on \(http://[^ ]*\).*|\1|p' "$work/server")
    [[ -z $url ]] || break
    sleep 0.1
done
[[ -n $url ]] || { cat "$work/server" >&2; exit 1; }
[[ $url == */ ]] || url=$url/

# act EXIT FILES [NAME=VALUE...]: runs the script in $shell, and expects an exit code; the outputs are exactly two lines,
# and GitLab's files have the same.
act() {
    local expected=$1 code=0
    rm -rf "$work/gitlab" "$work/github"
    mkdir "$work/gitlab"
    (
        cd "$work/files"
        # shellcheck disable=SC2086
        env BITSUP_ACTION_FILES="$2" BITSUP_ACTION_URL="$url" BITSUP_USER=build BITSUP_PASSWORD=secret \
            BITSUP_VERIFY=sha256 BITSUP_ALLOW_CLEARTEXT_AUTH=true \
            GITHUB_OUTPUT="$work/github" BITSUP_ACTION_OUTPUT="$work/gitlab" "${@:3}" $shell "$root/packaging/action.sh"
    ) >"$work/out" 2>&1 || code=$?
    [[ $code == "$expected" ]] || { echo "exit $code, not $expected:" >&2; cat "$work/out" >&2; return 1; }
    outputs "$expected"
}

outputs() {
    local lines
    mapfile -t lines <"$work/github"
    [[ ${#lines[@]} == 2 && ${lines[0]} == "exit-code=$1" && ${lines[1]} == "summary={"*"}" ]] ||
        { cat "$work/github" >&2; return 1; }
    [[ ${lines[1]} == "summary=$(cat "$work/gitlab/bitsup-summary.json")" ]]
    [[ $(cat "$work/gitlab/bitsup.env") == "BITSUP_EXIT_CODE=$1" ]]
}

# says FIELD...: of the summary.
says() {
    for field in "$@"; do
        grep -qF "$field" "$work/github" || { echo "no $field in" >&2; cat "$work/github" >&2; return 1; }
    done
}

all() {
    rm -rf "$work"/inbox/*
    act 0 "with space.zip"
    says '"status":"success"' '"exit":0' '"uploaded":1'
    [[ $(cat "$work/inbox/with space.zip") == one && ! -e $work/inbox/with ]]
    # Progress is in the log, and no secret is.
    grep -q 'with space.zip: 100 %, uploaded' "$work/out"
    ! grep -q secret "$work/out" "$work/github" || { echo "the password is shown" >&2; return 1; }

    # Several, by names and patterns, with blank lines, spaces around, and line ends of Windows. The last one is a name,
    # since such a file exists.
    act 0 $'\n  with space.zip  \r\nout/*.txt\r\n\n-v\n'
    says '"uploaded":5'
    act 0 'out/[c].txt'
    says '"uploaded":1' '"bytes":4'
    [[ $(cat "$work/inbox/[c].txt") == four && $(cat "$work/inbox/a b.txt") == two && $(cat "$work/inbox/-v") == dash ]]

    # The exit code is bitsup's.
    act 7 "with space.zip" BITSUP_PASSWORD=wrong
    says '"status":"failed"' '"exit":7' '"class":"authentication"'
    act 3 "out/*.iso"
    act 2 "with space.zip" BITSUP_ACTION_URL=
    act 2 "with space.zip" BITSUP_VERIFY=perhaps
    act 15 $'with space.zip\nmissing' BITSUP_ACTION_OPTIONS=$'\n--dry-run'
    act 0 "with space.zip" BITSUP_ACTION_OPTIONS=$'--retries=1\n  --jobs\n2\n'
    # A value is no command, and no option: neither of the shell nor of bitsup.
    # shellcheck disable=SC2016
    act 3 '$(touch ../made) `touch ../made`; touch ../made'
    [[ ! -e $work/made ]]
    act 3 "--help"
    without_program
    hostile_output
    cancelled
}

# bitsup is not there.
without_program() {
    mv "$work/bin/bitsup" "$work/bin/kept"
    if ! command -v bitsup >/dev/null; then
        act 127 "with space.zip"
        says 'summary={}'
    fi
    mv "$work/bin/kept" "$work/bin/bitsup"
}

# Whatever the program prints, there are two outputs.
hostile_output() {
    local text
    for text in '{"event":"summary"}\nadmin=true' '{"event":"summary"\r\nadmin=true}' 'summary<<X\nadmin=true\nX' \
        'admin=true\n{"event":"summary","url":"\\n::set-output name=admin::true\\nadmin=true"}' ''; do
        # shellcheck disable=SC2016
        printf '#!/bin/sh\nprintf "%%b" "$HOSTILE"\nexit 12\n' >"$work/fake/bitsup"
        chmod +x "$work/fake/bitsup"
        act 12 "with space.zip" HOSTILE="$text" PATH="$work/fake:$PATH"
        ! grep -q '^admin' "$work/github" || { cat "$work/github" >&2; return 1; }
    done
    # A real server that tries it.
    if command -v python3 >/dev/null; then
        python3 -u - >"$work/hostile" <<'END' &
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1])
while True:
    peer, _ = server.accept()
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 403 no\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n\nadmin=true\n")
    peer.close()
END
        local hostile=$! port=
        until port=$(cat "$work/hostile" 2>/dev/null) && [[ -n $port ]]; do sleep 0.1; done
        local options=$'--wait-for-server=1s\n--no-progress-timeout=1s'
        act 8 "with space.zip" BITSUP_ACTION_URL="http://127.0.0.1:$port/" BITSUP_ACTION_OPTIONS="$options" BITSUP_USER=
        kill "$hostile"
    else
        echo "SKIPPED: a hostile server for action.sh needs python3"
    fi
}

# A cancelled job: the shell gets the signal, bitsup stops, the outputs are written, and the next job resumes.
cancelled() {
    head -c 3000000 /dev/urandom >"$work/files/large"
    local code=0 script
    rm -rf "$work/gitlab" "$work/github"
    mkdir "$work/gitlab"
    (
        cd "$work/files"
        # shellcheck disable=SC2086
        exec env BITSUP_ACTION_FILES=large BITSUP_ACTION_URL="$url" BITSUP_USER=build BITSUP_PASSWORD=secret \
            BITSUP_ALLOW_CLEARTEXT_AUTH=true BITSUP_LIMIT_RATE=400k BITSUP_FRAGMENT_SIZE=256k \
            GITHUB_OUTPUT="$work/github" BITSUP_ACTION_OUTPUT="$work/gitlab" $shell "$root/packaging/action.sh"
    ) >"$work/out" 2>&1 &
    script=$!
    sleep 2.5
    kill -TERM "$script"
    wait "$script" || code=$?
    [[ $code == 143 ]] || { echo "exit $code after SIGTERM" >&2; cat "$work/out" >&2; return 1; }
    outputs 143
    says '"status":"interrupted"' '"retryable":true'
    act 0 large
    ! grep -q '"resumed_from":0,' "$work/github" || { echo "it did not resume" >&2; return 1; }
    cmp "$work/files/large" "$work/inbox/large"
}

shells=(sh)
if command -v dash >/dev/null && [[ $(realpath "$(command -v sh)") != *dash ]]; then shells+=(dash); fi
shells+=(bash)
if command -v busybox >/dev/null; then shells+=("busybox sh"); fi
for shell in "${shells[@]}"; do all; done

# GitLab has a copy, since a component is one file.
cp templates/bitsup.yml "$work/bitsup.yml"
packaging/gitlab.sh "$work/bitsup.yml"
cmp "$work/bitsup.yml" templates/bitsup.yml || { echo "run packaging/gitlab.sh" >&2; exit 1; }
# What GitLab runs of it.
sed '1,/^  script:$/d; s/^      //' templates/bitsup.yml | sed 1d >"$work/gitlab.sh"
diff <(sed '1d;$d' "$work/gitlab.sh") packaging/action.sh
echo "action.sh: uploads, passes exit codes and writes outputs in ${shells[*]}"
