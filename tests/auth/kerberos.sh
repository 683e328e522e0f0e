#!/usr/bin/env bash
# Kerberos against MIT's KDC and a front by python3-gssapi before `bitsup serve`, all in a folder of its own: with tickets,
# without, expired, of another realm's key, of another user, and a server that proves to be somebody else.
# Usage: kerberos.sh BITSUP, built with the feature kerberos. Skips itself, aloud, where one of the two is missing.
set -euo pipefail
bitsup=$1
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
python=/usr/bin/python3 # Debian's: that is where its packages are

for tool in krb5kdc kdb5_util kadmin.local kinit; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: Kerberos needs $tool (krb5-kdc, krb5-admin-server, krb5-user)"; exit 0; }
done
"$python" -c 'import gssapi' 2>/dev/null || { echo "SKIPPED: Kerberos needs python3-gssapi"; exit 0; }

work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
mkdir "$work/inbox" "$work/kdc"
export BITSUP_STATE_DIR="$work/state" KRB5_CONFIG="$work/krb5.conf" KRB5_KDC_PROFILE="$work/kdc.conf"
export KRB5CCNAME="FILE:$work/tickets" KRB5_CLIENT_KTNAME="FILE:$work/none" KRB5RCACHEDIR="$work"
unset BITSUP_PASSWORD BITSUP_TOKEN

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work"/stderr "$work"/front.log "$work"/kdc.log >&2 || true
    exit 1
}

free_port() {
    "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

kdc_port=$(free_port)
cat >"$work/krb5.conf" <<CONF
[libdefaults]
    default_realm = DROP.TEST
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    DROP.TEST = {
        kdc = 127.0.0.1:$kdc_port
    }
CONF
cat >"$work/kdc.conf" <<CONF
[kdcdefaults]
    kdc_listen = 127.0.0.1:$kdc_port
    kdc_tcp_listen = 127.0.0.1:$kdc_port
[realms]
    DROP.TEST = {
        database_name = $work/kdc/principal
        key_stash_file = $work/kdc/stash
        acl_file = $work/kdc/acl
    }
[logging]
    kdc = FILE:$work/kdc.log
CONF
kdb5_util create -s -r DROP.TEST -P master >"$work/setup" 2>&1
for order in "addprinc -pw s3cret me" "addprinc -randkey HTTP/localhost" "ktadd -k $work/keytab HTTP/localhost" \
    "addprinc -randkey HTTP/other" "ktadd -k $work/other HTTP/other"; do
    kadmin.local -r DROP.TEST -q "$order" >>"$work/setup" 2>&1
done
krb5kdc -n >>"$work/setup" 2>&1 &
pids+=($!)

tickets() {
    for _ in $(seq 50); do
        if kinit "$@" me <<<s3cret >"$work/kinit" 2>&1; then return; fi
        sleep 0.1
    done
    cat "$work/kinit" "$work/setup" >&2
    return 1
}

"$bitsup" serve -q --json --listen 127.0.0.1:0 "$work/inbox" >"$work/serve" 2>"$work/serve.err" &
pids+=($!)
for _ in $(seq 100); do grep -qo 'http://[0-9.:]*' "$work/serve" "$work/serve.err" && break; sleep 0.1; done
backend=$(grep -oh 'http://[0-9.:]*' "$work/serve" "$work/serve.err" | sed -n 1p)

# front MODE [OPTION...]: the URL is in $url.
front() {
    : >"$work/port"
    "$python" "$here/gssapi_front.py" "$work/keytab" "${backend##*:}" "$work/front.log" "$@" >"$work/port" 2>"$work/front.err" &
    pids+=($!)
    for _ in $(seq 100); do [[ -s $work/port ]] && break; sleep 0.1; done
    url=http://localhost:$(cat "$work/port")
    if [[ $* == *tls=* ]]; then url=${url/http:/https:}; fi
}

# certificate NAME OPTION...: $work/NAME.pem has it and its key; its hash is in $hash, by the algorithm of its signature.
certificate() {
    local made=$work/$1
    openssl req -x509 -nodes -keyout "$made.key" -out "$made.crt" -days 30 -subj "/CN=$1" -addext subjectAltName=DNS:localhost \
        "${@:3}" "-$2" >"$work/openssl" 2>&1
    cat "$made.crt" "$made.key" >"$made.pem"
    hash=$(openssl x509 -in "$made.crt" -outform der | "${2}sum" | cut -d' ' -f1)
}

# upload EXIT_CODE NAME OPTION...
upload() {
    local expected=$1 code=0
    : >"$work/front.log"
    timeout 60 "$bitsup" upload -vv "$work/file" "$url/$2" "${@:3}" >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
    [[ $code -eq $expected ]] || fail "$2: exit $code, not $expected"
    if grep -rEq 'Negotiate [A-Za-z0-9+/]{20}|s3cret|YII[A-Za-z0-9+/]{20}' "$work/stdout" "$work/stderr" "$work/state"; then
        fail "$2: a token was printed or written"
    fi
    if [[ $code -eq 0 ]]; then
        cmp "$work/file" "$work/inbox/$2" || fail "$2: it arrived different"
    elif [[ -e $work/inbox/$2 ]]; then
        fail "$2: it arrived"
    fi
}

says() {
    grep -qF -- "$1" "$work/stderr" || fail "no message says: $1"
}

refused() {
    grep -c ' 401 ' "$work/front.log" || true
}

head -c 3000000 /dev/urandom >"$work/file"

front connection
upload 7 none.bin
says "and there is no Kerberos ticket"
says "kinit"
upload 7 none-named.bin --auth negotiate
says "kinit"

tickets
for mode in connection each silent; do
    front "$mode"
    for auth in auto negotiate; do
        upload 0 "$mode-$auth.bin" --auth "$auth" --fragment-size 1M
        [[ $(refused) -eq 1 ]] || fail "$mode: only the first Ping is to be refused"
        grep -q '^Fragment 200 me@DROP.TEST 1048576$' "$work/front.log" || fail "$mode: the front did not see who it was"
    done
done
# A user who is named, and whose tickets these are, signs in by them; the password is not looked at.
BITSUP_PASSWORD=wrong upload 0 user.bin --user me
# Others do not.
BITSUP_PASSWORD=wrong upload 7 other-user.bin --user you
if grep -q 'you@\|me@' "$work/front.log"; then fail "somebody else's tickets were used"; fi

# Neither a weaker way nor another try after the tickets were refused.
upload 0 before.bin
kadmin.local -r DROP.TEST -q "cpw -randkey HTTP/localhost" >>"$work/setup" 2>&1
kdestroy
tickets
upload 7 refused.bin
[[ $(refused) -eq 2 ]] || fail "the tickets were to be sent once"
kadmin.local -r DROP.TEST -q "ktadd -k $work/keytab HTTP/localhost" >>"$work/setup" 2>&1
kdestroy
tickets

front forged
upload 7 forged.bin
says "the server does not prove who it is"
if grep -q '^Create-Session' "$work/front.log"; then fail "an upload went on to a server that is somebody else"; fi

# Over TLS tokens are bound to the server's certificate. Only the first Ping on a connection is refused.
if command -v openssl >/dev/null; then
    certificate other sha384 -newkey ec -pkeyopt ec_paramgen_curve:P-384
    front each "tls=$work/other.pem" "bound=$hash"
    upload 0 bound-384.bin --cacert "$work/other.crt" --fragment-size 1M
    [[ $(refused) -eq 1 ]] || fail "bound: only the first Ping is to be refused"
    certificate own sha256 -newkey rsa:2048
    for mode in connection each silent; do
        front "$mode" "tls=$work/own.pem" "bound=$hash"
        upload 0 "bound-$mode.bin" --cacert "$work/own.crt" --fragment-size 1M
        [[ $(refused) -eq 1 ]] || fail "bound, $mode: only the first Ping is to be refused"
    done
    front each "tls=$work/own.pem" "bound=$hash" brief
    upload 0 bound-brief.bin --cacert "$work/own.crt" --fragment-size 1M
    front each "tls=$work/own.pem"
    upload 0 bound-unasked.bin --cacert "$work/own.crt"
    # Somebody in between, whom this machine trusts, hands everything on to the server.
    front each "tls=$work/other.pem" "bound=$hash"
    upload 7 relayed.bin --cacert "$work/other.crt"
    [[ $(refused) -eq 2 ]] || fail "relayed: the tickets were to be sent once"
    grep -q '^Ping 401 BadChannelBindingsError$' "$work/front.log" || fail "relayed: not for the bindings"
else
    echo "SKIPPED: channel binding needs openssl"
fi

front each
tickets -l 1s
sleep 2
upload 7 expired.bin
says "kinit"
# No ticket is to be had for a server that the realm does not know.
tickets
url=${url/localhost/127.0.0.1}
upload 7 unknown.bin
says "kinit"
echo "Kerberos: tickets on connections and on requests, none, expired, of others, refused, a forged server, and bound to TLS: all as they should be"
