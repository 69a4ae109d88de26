#!/bin/sh
# Makes .venv and installs what the platform needs on this machine. `make setup` runs it; running it again changes nothing.
# With the argument "test", what the tests need besides (dciodvfy).
#
# Honours CASEPATH_PYTHON (a Python 3.12 or 3.13) and CASEPATH_NO_APT=1 (leave the system's packages alone).
set -eu

cd "$(dirname "$0")/../.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/casepath"
mkdir -p "$cache"

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
    else return 1
    fi
}

# install PACKAGE...: by apt, or say what to do.
install() {
    if [ "${CASEPATH_NO_APT:-}" != 1 ] && command -v apt-get >/dev/null; then
        say "installing $* (apt-get; the log is $cache/apt.log)"
        as_root apt-get update >"$cache/apt.log" 2>&1 || true
        if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$cache/apt.log" 2>&1; then
            return 0
        fi
    fi
    fail "missing: $*. Install them, e.g. 'sudo apt-get install $*', and run this again."
}

find_uv() {
    if command -v uv >/dev/null; then command -v uv
    elif [ -x "$cache/uv/bin/uv" ]; then printf '%s\n' "$cache/uv/bin/uv"
    fi
}

uv="$(find_uv)"
if [ -z "$uv" ]; then
    say "installing uv from PyPI into $cache/uv"
    command -v python3 >/dev/null || fail "missing: Python 3.11 or later. Install it, e.g. 'sudo apt-get install python3'."
    rm -rf "$cache/uv"
    # Debian's Python comes without ensurepip.
    python3 -m venv "$cache/uv" >/dev/null 2>&1 || { rm -rf "$cache/uv"; install python3-venv; python3 -m venv "$cache/uv"; }
    "$cache/uv/bin/pip" install --quiet 'uv>=0.9' || fail "uv cannot be fetched from PyPI; check the network and try again."
    uv="$cache/uv/bin/uv"
fi

find_python() {
    if [ -n "${CASEPATH_PYTHON:-}" ]; then printf '%s\n' "$CASEPATH_PYTHON"; return; fi
    for version in 3.12 3.13; do
        if found="$("$uv" python find --no-project --no-python-downloads "$version" 2>/dev/null)"; then
            printf '%s\n' "$found"; return
        fi
        for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
            if [ -x "$found" ]; then printf '%s\n' "$found"; return; fi
        done
    done
}

python="$(find_python)"
if [ -z "$python" ]; then
    say "no Python 3.12 or 3.13 on this machine: uv fetches one"
    "$uv" python install 3.12 || fail "Python 3.12 cannot be fetched. Install 3.12 or 3.13 (pyenv install 3.12), or name one with CASEPATH_PYTHON."
    python=3.12
fi
# mappy comes as source.
{ command -v cc >/dev/null && [ -e /usr/include/zlib.h ]; } || install gcc libc6-dev zlib1g-dev
"$uv" sync --quiet --frozen --all-packages --python "$python" ||
    fail "the locked dependencies cannot be installed; the message is above."

missing=
has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || ls /usr/lib/*/"$1"* >/dev/null 2>&1; }
has_library libturbojpeg.so.0 || missing="$missing libturbojpeg0"
command -v Orthanc >/dev/null || [ -x /usr/sbin/Orthanc ] || missing="$missing orthanc"
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || [ -e /usr/local/share/orthanc/plugins/libOrthancDicomWeb.so ] ||
    missing="$missing orthanc-dicomweb"
if ! command -v bwrap >/dev/null; then
    if [ "${1:-}" = test ]; then missing="$missing bubblewrap"
    else say "without bubblewrap, researchers cannot run workflows of their own: sudo apt-get install bubblewrap"
    fi
fi
[ "${1:-}" != test ] || command -v dciodvfy >/dev/null || missing="$missing dicom3tools"
[ "${1:-}" != test ] || command -v chromium >/dev/null || missing="$missing chromium"
# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing

.venv/bin/casepath prepare
