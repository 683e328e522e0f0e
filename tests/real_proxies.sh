#!/usr/bin/env bash
# Uploads through real proxies, where they are installed: tinyproxy (http URLs whole, https by CONNECT, Basic) and
# microsocks (SOCKS 5 with and without a password). Skips aloud what is not here.
# Usage: tests/real_proxies.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."

bitsup=${1:-}
if [ -z "$bitsup" ]; then
    cargo build --quiet
    bitsup="${CARGO_TARGET_DIR:-target}/debug/bitsup"
fi

folder=$(mktemp -d)
started=()
clean_up() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap clean_up EXIT
export BITSUP_STATE_DIR=$folder/state
unset http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy BITSUP_PROXY_PASSWORD

fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*" >&2; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits until something listens on a port.
await_port() {
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.05
    done
    fail "nothing listens on port $1"
}

command -v openssl >/dev/null && command -v python3 >/dev/null || { skip "openssl or python3 is not installed"; exit 0; }

password=s3cret-pr0xy
(umask 077 && echo "$password" >"$folder/password")
(umask 077 && echo "not-it" >"$folder/wrong")
head -c 3000000 /dev/urandom >"$folder/file.bin"
mkdir "$folder/http" "$folder/https"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 30 -subj /CN=t \
    -addext subjectAltName=DNS:localhost 2>/dev/null

http=$(free_port)
"$bitsup" serve --listen "127.0.0.1:$http" --overwrite -q "$folder/http" 2>/dev/null & started+=($!)
https=$(free_port)
"$bitsup" serve --listen "127.0.0.1:$https" --overwrite -q --tls-cert "$folder/cert.pem" --tls-key "$folder/key.pem" \
    "$folder/https" 2>/dev/null & started+=($!)
await_port "$http"
await_port "$https"

# upload PROXY-OPTIONS...: by http and by https; the bytes arrive, the password is nowhere.
upload() {
    for url in "http://localhost:$http/" "https://localhost:$https/"; do
        received=$folder/${url%%:*}/file.bin
        rm -f "$received"
        "$bitsup" upload -vv --cacert "$folder/cert.pem" "$@" "$folder/file.bin" "$url" >"$folder/log" 2>&1 ||
            { cat "$folder/log" >&2; fail "$* to $url"; }
        cmp "$folder/file.bin" "$received" || fail "what arrived differs: $* to $url"
        if grep -rqF "$password" "$folder/log" "$BITSUP_STATE_DIR"; then fail "the password was printed: $*"; fi
        "$bitsup" check --json --cacert "$folder/cert.pem" "$@" "$url" >"$folder/report" || fail "check $* $url"
        grep -q '"proxy":' "$folder/report" || fail "no proxy in the report: check $* $url"
        echo "ok: $* to $url"
    done
}

# refused CODE PROXY-OPTIONS...
refused() {
    local code=$1 status=0
    shift
    "$bitsup" upload "$@" --cacert "$folder/cert.pem" "$folder/file.bin" "https://localhost:$https/" >"$folder/log" 2>&1 || status=$?
    [ "$status" = "$code" ] || { cat "$folder/log" >&2; fail "exit $status instead of $code: $*"; }
    echo "ok: exit $code: $*"
}

tried=0
if command -v tinyproxy >/dev/null; then
    tried=1
    for login in "" "BasicAuth me $password"; do
        port=$(free_port)
        printf 'Port %s\nListen 127.0.0.1\nTimeout 60\n%s\n' "$port" "$login" >"$folder/tinyproxy.conf"
        tinyproxy -d -c "$folder/tinyproxy.conf" >/dev/null 2>&1 & started+=($!)
        await_port "$port"
        if [ -z "$login" ]; then
            upload --proxy "http://127.0.0.1:$port"
        else
            upload --proxy "127.0.0.1:$port" --proxy-user me --proxy-password-file "$folder/password"
            refused 7 --proxy "127.0.0.1:$port"
            refused 7 --proxy "127.0.0.1:$port" --proxy-user me --proxy-password-file "$folder/wrong"
        fi
    done
else
    skip "tinyproxy is not installed"
fi

if command -v microsocks >/dev/null; then
    tried=1
    port=$(free_port)
    microsocks -i 127.0.0.1 -p "$port" >/dev/null 2>&1 & started+=($!)
    await_port "$port"
    upload --proxy "socks5://127.0.0.1:$port" -4
    upload --proxy "socks5h://127.0.0.1:$port"
    port=$(free_port)
    microsocks -i 127.0.0.1 -p "$port" -u me -P "$password" >/dev/null 2>&1 & started+=($!)
    await_port "$port"
    upload --proxy "socks5h://127.0.0.1:$port" --proxy-user me --proxy-password-file "$folder/password"
    refused 7 --proxy "socks5h://127.0.0.1:$port"
    refused 7 --proxy "socks5h://127.0.0.1:$port" --proxy-user me --proxy-password-file "$folder/wrong"
else
    skip "microsocks is not installed"
fi

[ "$tried" = 1 ] && echo "real proxies: all well" || skip "no real proxy is installed, so none was tried"
