#!/usr/bin/env bash
# reverse_proxies.sh [BITSUP]: uploads through the reverse proxies that are installed here, configured as docs/receiver.md
# says, word for word but for the ports: with the default options, and in fragments of 5 MiB.
set -euo pipefail
cd "$(dirname "$0")/.."

bitsup=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/bitsup}")
folder=$(mktemp -d) public=18470 pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir "$folder/inbox"
head -c 20000003 /dev/urandom >"$folder/file"

"$bitsup" serve --listen 0 --listen "unix:$folder/socket" --trust-forwarded-for 127.0.0.1 --trust-forwarded-for unix \
    --overwrite "$folder/inbox" 2>"$folder/log" &
pids+=($!)
for _ in $(seq 100); do grep -q listening "$folder/log" && break; sleep 0.05; done
backend=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/log" | sed -n 1p)

# The block that stands behind this proxy's mark.
config() {
    sed -n "/^<!-- proxy: $1 -->/,/^\`\`\`$/p" docs/receiver.md | sed '1,2d;$d' | sed "s/8000/$public/g; s/8080/$backend/g"
}

try() {
    local name=$1
    shift
    "$@" >"$folder/$name.out" 2>&1 &
    pids+=($!)
    local proxy=$! options
    for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$public") 2>/dev/null && break; sleep 0.1; done
    for options in --quiet --fragment-size=5M; do
        "$bitsup" upload --no-state --no-config --max-time 60 "$options" "$folder/file" "http://127.0.0.1:$public/$name" 2>"$folder/said" ||
            { echo "$name $options:" >&2; cat "$folder/said" "$folder/$name.out" >&2; exit 1; }
        cmp "$folder/file" "$folder/inbox/$name"
    done
    # The client has no port: it is the one that the proxy names.
    grep -q " 127.0.0.1 Close-Session /$name {" "$folder/log" ||
        { echo "$name: the log does not have the client" >&2; tail -3 "$folder/log" >&2; exit 1; }
    kill "$proxy"
    wait "$proxy" 2>/dev/null || true
    echo "$name: uploaded twice"
    public=$((public + 1))
}

tried=0
if command -v nginx >/dev/null; then
    # Its workers may go where this script may.
    { [[ $(id -u) -ne 0 ]] || echo "user root;"
      echo "daemon off; pid $folder/nginx.pid; error_log stderr; events {}"
      echo "http { access_log off; client_body_temp_path $folder; proxy_temp_path $folder; fastcgi_temp_path $folder;"
      echo "uwsgi_temp_path $folder; scgi_temp_path $folder;"; config nginx; echo "}"; } >"$folder/nginx.conf"
    try nginx nginx -c "$folder/nginx.conf"
    sed -i "s|http://127.0.0.1:$backend;|http://unix:$folder/socket:;|; s/listen $((public - 1))/listen $public/" "$folder/nginx.conf"
    try nginx-unix nginx -c "$folder/nginx.conf"
    tried=$((tried + 1))
fi
if command -v apache2 >/dev/null; then
    modules=/usr/lib/apache2/modules
    { echo "ServerRoot $folder"; echo "ServerName localhost"; echo "PidFile $folder/apache.pid"; echo "ErrorLog $folder/apache.log"
      for module in mpm_event authz_core proxy proxy_http; do echo "LoadModule ${module}_module $modules/mod_$module.so"; done
      config apache; } >"$folder/apache.conf"
    try apache apache2 -f "$folder/apache.conf" -DFOREGROUND
    tried=$((tried + 1))
fi
if command -v haproxy >/dev/null; then
    config haproxy >"$folder/haproxy.cfg"
    try haproxy haproxy -f "$folder/haproxy.cfg"
    tried=$((tried + 1))
fi
if command -v caddy >/dev/null; then
    { echo "{ admin off"; echo "}"; config caddy; } >"$folder/Caddyfile"
    XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder try caddy caddy run --adapter caddyfile --config "$folder/Caddyfile"
    tried=$((tried + 1))
fi
[[ $tried -gt 0 ]] || echo "SKIPPED: none of nginx, apache2, haproxy and caddy is installed here"
