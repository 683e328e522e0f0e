#!/usr/bin/env bash
# Runs tests for Windows in Wine: the arguments are those of `cargo test`. Skips itself, aloud, where Wine is missing.
#
# What Wine 8 cannot do, and Windows can:
# - trust an authority of our own, as --cacert adds one: its CertCreateCertificateChainEngine refuses the structure that
#   Windows 8 brought. Tests of tests/transport leave TLS out by BITSUP_TEST_WITHOUT_TLS.
# - give an open file's name to another file. The tests that do it accept both.
# - be run without bcryptprimitives.dll, where std has its random numbers from. It is made here.
# - start each process. On a busy machine one in some thousands ends in Wine's own start, before any code of ours: its
#   NtCreateUserProcess then fails with STATUS_INTERNAL_ERROR, and a test that starts the program with error 1359. Where
#   that is all that failed, the tests are run once more, aloud.
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
    if ! cargo test --target "$TARGET" "$@" 2>&1 | tee target/wine.log; then
        only_a_start_failed target/wine.log || { echo "more failed than a start of Wine's" >&2; return 1; }
        echo "AGAIN: Wine did not start a process, and nothing else failed"
        cargo test --target "$TARGET" "$@"
    fi
}

# Whether each panic is for a process that Wine did not start.
only_a_start_failed() {
    local panics starts
    panics=$(grep -ac "^thread '.* panicked at " "$1" || true)
    starts=$(grep -ac 'Os { code: 1359, kind: Uncategorized' "$1" || true)
    ((panics > 0 && panics == starts))
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
