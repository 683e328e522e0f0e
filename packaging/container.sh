#!/usr/bin/env bash
# container.sh BINARY [ARCHIVE]: makes a container image of a static BINARY, and runs it: `bitsup try`, and uploads over
# TLS to a receiver in it, with an authority given by option and with one of the image's own. The image is written to
# ARCHIVE, an OCI archive. Without buildah there is no image, and its files run in a chroot; either needs root.
set -euo pipefail
binary=$(realpath "$1") archive=${2:+$(realpath -m "$2")}
cd "$(dirname "$0")/.."
work=$(mktemp -d) server=
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
trap 'stop' EXIT
id=65532 limit=12000000
roots=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

main() {
    files
    if [[ $EUID -ne 0 ]]; then
        echo "SKIPPED: running the container's files needs root"
        return
    fi
    local root=$work/chroot
    if command -v buildah >/dev/null; then
        image
        root=$(buildah "${storage[@]}" mount bitsup-try)
        # By the image's own entry point and user.
        buildah "${storage[@]}" run --isolation chroot bitsup-try -- /usr/bin/bitsup try --quiet
    else
        echo "SKIPPED: the container image needs buildah; its files are tried in a chroot"
        cp -a "$work/context/root" "$root"
        cp -a "$work/context/home" "$root/"
        chown -R "$id:$id" "$root/home/bitsup"
    fi
    try_it "$root"
}

stop() {
    if [[ -n $server ]]; then kill "$server" || true; fi
    if [[ -d $work/storage ]]; then
        buildah "${storage[@]}" umount --all >/dev/null || true
        buildah "${storage[@]}" rm --all >/dev/null || true
    fi
    rm -rf "$work"
}

# The image's files, in `root` and `home`.
files() {
    local root=$work/context/root size
    if [[ $(ldd "$binary" 2>&1 || true) == *'=>'* ]]; then
        echo "$binary is not static" >&2
        return 1
    fi
    [[ -s $roots ]] || { echo "no certificate authorities in $roots: install ca-certificates" >&2; return 1; }
    mkdir -p "$root"/{usr/bin,etc/ssl/certs,usr/share/doc/bitsup} "$work/context/home/bitsup"
    mkdir -m 1777 "$root/tmp"
    install -m 755 "$binary" "$root/usr/bin/bitsup"
    install -m 644 "$roots" "$root/etc/ssl/certs/ca-certificates.crt"
    install -m 644 LICENSE-APACHE LICENSE-MIT "$root/usr/share/doc/bitsup/"
    [[ ! -s target/THIRD-PARTY-LICENSES.txt ]] ||
        install -m 644 target/THIRD-PARTY-LICENSES.txt "$root/usr/share/doc/bitsup/"
    echo "bitsup:x:$id:$id::/home/bitsup:/sbin/nologin" >"$root/etc/passwd"
    echo "bitsup:x:$id:" >"$root/etc/group"
    size=$(find "$work/context" -type f -printf '%s\n' | awk '{ all += $1 } END { print all }')
    echo "container: $size bytes of files"
    ((size <= limit)) || { echo "more than $limit bytes" >&2; return 1; }
}

# No time and no random value is in it.
image() {
    local labels=(--label org.opencontainers.image.title=bitsup)
    labels+=(--label "org.opencontainers.image.licenses=MIT OR Apache-2.0")
    eval "$(packaging/project.sh)"
    # shellcheck disable=SC2154
    labels+=(--label "org.opencontainers.image.version=$version")
    # shellcheck disable=SC2154
    [[ -z $repository ]] || labels+=(--label "org.opencontainers.image.source=$repository")
    buildah "${storage[@]}" build --quiet --isolation chroot --timestamp "${SOURCE_DATE_EPOCH:-0}" "${labels[@]}" \
        --tag bitsup --file packaging/Containerfile "$work/context"
    [[ -n $archive ]] || archive=$work/image.tar
    rm -f "$archive"
    buildah "${storage[@]}" push --quiet bitsup "oci-archive:$archive:bitsup:$version"
    echo "container: the image has $(stat -c %s "$archive") bytes"
    buildah "${storage[@]}" from --quiet --name bitsup-try bitsup >/dev/null
}

# inside ROOT ARGUMENT...: runs bitsup with these files only, as the image's user.
inside() {
    env -i PATH="$PATH" HOME=/home/bitsup chroot --userspec="$id:$id" "$1" /usr/bin/bitsup "${@:2}"
}

try_it() {
    local root=$1 home=$1/home/bitsup url
    inside "$root" --version
    inside "$root" try --quiet

    certificate "$work/tls"
    install -o "$id" -g "$id" -m 600 "$work/tls"/*.pem "$home/"
    install -o "$id" -g "$id" -d "$home/inbox"
    head -c 3000000 /dev/urandom >"$home/build.zip"
    chmod 644 "$home/build.zip"
    : >"$work/server"
    # Not in a function: the receiver is the process that is stopped.
    env -i PATH="$PATH" HOME=/home/bitsup chroot --userspec="$id:$id" "$root" \
        /usr/bin/bitsup serve --listen 127.0.0.1:0 --overwrite \
        --tls-cert /home/bitsup/cert.pem --tls-key /home/bitsup/key.pem /home/bitsup/inbox 2>"$work/server" &
    server=$!
    for _ in {1..100}; do
        url=$(sed -n 's|.*listening on \(https://[^ ]*\).*|\1|p' "$work/server")
        [[ -z $url ]] || break
        sleep 0.1
    done
    [[ -n $url ]] || { cat "$work/server" >&2; return 1; }
    url=${url%/}/

    # An authority that the image does not know, then by option, then as one of the image's own.
    local code=0
    inside "$root" upload --quiet /home/bitsup/build.zip "$url" 2>"$work/errors" || code=$?
    [[ $code == 6 ]] || { echo "exit $code, not 6:" >&2; cat "$work/errors" >&2; return 1; }
    inside "$root" upload --quiet --cacert /home/bitsup/ca.pem /home/bitsup/build.zip "$url"
    arrived "$home"
    bare_image "$root" "$url"
    arrived "$home"
    cat "$work/tls/ca.pem" >>"$root/etc/ssl/certs/ca-certificates.crt"
    inside "$root" upload --quiet /home/bitsup/build.zip "$url"
    arrived "$home"
    echo "container: \`bitsup try\` and uploads over TLS work in it"
}

# bare_image ROOT URL: without the image's authorities, bitsup's own and the user's vouch for servers, and it is told.
bare_image() {
    local roots=$1/etc/ssl/certs/ca-certificates.crt code=0 told="bitsup's own certificate authorities"
    mv "$roots" "$work/roots"
    inside "$1" upload --quiet /home/bitsup/build.zip "$2" 2>"$work/errors" || code=$?
    if [[ $code != 6 ]] || ! grep -q "authority that this machine does not trust" "$work/errors"; then
        echo "exit $code in a bare image:" >&2
        cat "$work/errors" >&2
        return 1
    fi
    inside "$1" check --cacert /home/bitsup/ca.pem "$2" | grep -F "$told"
    inside "$1" check --json --cacert /home/bitsup/ca.pem "$2" >"$work/report"
    grep -qF '"authorities":"bundled"' "$work/report"
    inside "$1" upload -v --cacert /home/bitsup/ca.pem /home/bitsup/build.zip "$2" 2>&1 | grep -F "$told"
    mv "$work/roots" "$roots"
}

# arrived HOME: the file is there, and belongs to the image's user.
arrived() {
    cmp "$1/build.zip" "$1/inbox/build.zip"
    [[ $(stat -c %u "$1/inbox/build.zip") == "$id" ]]
    rm "$1/inbox/build.zip"
}

# certificate FOLDER: an authority, and a certificate of it for 127.0.0.1.
certificate() {
    mkdir "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test authority" \
        -keyout "$1/ca-key" -out "$1/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=test" \
        -keyout "$1/key.pem" -out "$1/request" 2>/dev/null
    openssl x509 -req -days 2 -CA "$1/ca.pem" -CAkey "$1/ca-key" -CAcreateserial -in "$1/request" -out "$1/cert.pem" \
        -extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null
}

main
