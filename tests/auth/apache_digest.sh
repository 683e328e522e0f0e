#!/usr/bin/env bash
# Digest against Apache httpd, which stands before `bitsup serve`: MD5 with qop=auth, nonces that expire, a wrong password.
# Usage: apache_digest.sh BITSUP. Skips itself, aloud, where Apache or its tools are missing.
set -euo pipefail
bitsup=$1

command -v apache2 >/dev/null && command -v htdigest >/dev/null || {
    echo "SKIPPED: Digest against Apache needs apache2 and apache2-utils"
    exit 0
}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/inbox"
export BITSUP_STATE_DIR="$work/state"

"$bitsup" serve -q --json --listen 127.0.0.1:0 "$work/inbox" >"$work/serve" 2>"$work/serve.err" &
pids+=($!)
for _ in $(seq 100); do grep -qo 'http://[0-9.:]*' "$work/serve" "$work/serve.err" && break; sleep 0.1; done
backend=$(grep -oh 'http://[0-9.:]*' "$work/serve" "$work/serve.err" | sed -n 1p)

# me:drop:s3cret, as htdigest would ask for it.
printf 'me:drop:%s\n' "$(printf 'me:drop:s3cret' | md5sum | cut -d' ' -f1)" >"$work/users"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
modules=/usr/lib/apache2/modules
cat >"$work/httpd.conf" <<CONF
ServerRoot $work
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $work/pid
ErrorLog $work/error
LogFormat "%m %s %{BITS-Packet-Type}i" packets
CustomLog $work/access packets
DefaultRuntimeDir $work
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authn_file_module $modules/mod_authn_file.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule auth_digest_module $modules/mod_auth_digest.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
RegisterHttpMethod BITS_POST
ProxyPass / $backend/
<Location />
    AuthType Digest
    AuthName drop
    AuthDigestProvider file
    AuthUserFile $work/users
    AuthDigestNonceLifetime LIFETIME
    Require valid-user
</Location>
CONF

start_apache() {
    sed "s/LIFETIME/$1/" "$work/httpd.conf" >"$work/httpd-$1.conf"
    : >"$work/access"
    apache2 -f "$work/httpd-$1.conf" -X &
    apache=$!
    pids+=("$apache")
    for _ in $(seq 100); do curl -s -o "$work/null" "http://127.0.0.1:$port/" && return; sleep 0.1; done
    cat "$work/error" >&2
    return 1
}

stop_apache() {
    kill "$apache"
    wait "$apache" || true
}

upload() {
    BITSUP_PASSWORD=$1 "$bitsup" upload -vv --auth digest -u me "$work/file" "http://127.0.0.1:$port/$2" "${@:3}" 2>"$work/stderr"
}

head -c 3000000 /dev/urandom >"$work/file"
start_apache 300
upload s3cret straight.bin --verify none
cmp "$work/file" "$work/inbox/straight.bin"
[[ $(grep -c ' 401 ' "$work/access") -eq 2 ]] || { cat "$work/access" >&2; exit 1; } # curl's, and the first Ping's
grep -q 's3cret' "$work/stderr" && { echo "the password was printed" >&2; exit 1; }
code=0
upload wrong refused.bin || code=$?
[[ $code -eq 7 ]] || { cat "$work/stderr" >&2; exit 1; }
stop_apache

# A nonce lives for a second: it is stale in the middle of an upload, and a Ping takes a new one.
start_apache 1
head -c 60000000 /dev/zero >"$work/file"
upload s3cret stale.bin --fragment-size 512k
cmp "$work/file" "$work/inbox/stale.bin"
stale=$(grep -c '^BITS_POST 401 Fragment' "$work/access" || true)
stop_apache
echo "Apache's Digest: an upload, a wrong password, and $stale stale nonces on fragments: all as they should be"
