#!/usr/bin/env bash
# Runs tests for Windows in Wine: the arguments are those of `cargo test`. Skips itself, aloud, where Wine is missing.
#
# What Wine 8 cannot do, and Windows can:
# - trust an authority of our own, as --cacert adds one: its CertCreateCertificateChainEngine refuses the structure that
#   Windows 8 brought. Tests of tests/transport leave TLS out by BITSUP_TEST_WITHOUT_TLS.
# - give an open file's name to another file. The tests that do it accept both.
# - be run without bcryptprimitives.dll, where std has its random numbers from. It is made here.
set -euo pipefail
cd "$(dirname "$0")/../.."

TARGET=x86_64-pc-windows-gnu
COMPILER=x86_64-w64-mingw32-gcc

main() {
    local wine
    if ! wine=$(find_wine) || ! command -v "$COMPILER" >/dev/null; then
        echo "SKIPPED: no 64-bit Wine, or no $COMPILER here"
        return
    fi
    export WINEPREFIX=$PWD/target/wine WINEDEBUG=-all BITSUP_TEST_WITHOUT_TLS=1
    # No desktop, no offer to install Mono or Gecko.
    unset DISPLAY WAYLAND_DISPLAY
    export WINEDLLOVERRIDES="mscoree=;mshtml="
    mkdir -p target
    prepare "$wine"
    # Without what debuggers want, it is built and loaded in half the time.
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$wine CARGO_PROFILE_DEV_DEBUG=0
    cargo test --target "$TARGET" "$@"
}

# Debian's `wine` speaks of a missing 32-bit Wine at each start.
find_wine() {
    local found
    for found in /usr/lib/wine/wine64 wine64 wine; do
        command -v "$found" && return
    done
    return 1
}

prepare() {
    local system=$WINEPREFIX/drive_c/windows/system32
    [[ -d $system ]] || timeout 120 "$1" wineboot --init
    [[ -e $system/bcryptprimitives.dll ]] || "$COMPILER" -shared -O1 -x c - -o "$system/bcryptprimitives.dll" -ladvapi32 <<'END'
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, (ULONG)length); }
END
}

main "$@"
