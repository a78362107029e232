#!/usr/bin/env bash
# Makes a virtual environment that holds exactly what requirements.lock says, and Perennial itself, editable.
# Locks that are named after the environment are added to it: scripts/set_up.sh .venv-spark requirements-spark.lock
# Needs nothing but Python 3.11, 3.12 or 3.13 and a package index. Running it again takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${1:-.venv}
shift || true
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() {
    tail -n 5 "$log" >&2
    echo "make: $1" >&2
    exit 1
}

find_python() {
    for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        if [ -n "$name" ] && "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>>"$log"; then
            echo "$name"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is not installed."
}

if [ ! -x "$venv/bin/python" ]; then
    found=$(find_python)
    if ! "$found" -m venv "$venv" >>"$log" 2>&1; then
        rm -rf "$venv"
        fail "$found cannot make a virtual environment: apt-get install python3-venv"
    fi
fi

if [ ! -x "$venv/bin/uv" ]; then
    "$venv/bin/python" -m pip --version >>"$log" 2>&1 || "$venv/bin/python" -m ensurepip >>"$log" 2>&1 ||
        fail "pip is missing: apt-get install python3-venv, and remove $venv"
    echo "Setting up $venv: a minute or two, once."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv>=0.9" >>"$log" 2>&1 ||
        fail "uv cannot be installed: is the package index reachable?"
fi

export VIRTUAL_ENV=$PWD/$venv UV_LINK_MODE=${UV_LINK_MODE:-copy}
case $venv in /*) VIRTUAL_ENV=$venv ;; esac
for lock in requirements.lock "$@"; do
    "$venv/bin/uv" pip install --quiet --require-hashes --requirement "$lock" >>"$log" 2>&1 ||
        fail "the packages of $lock cannot be installed: is the package index reachable?"
done
"$venv/bin/uv" pip install --quiet --no-deps --editable . >>"$log" 2>&1 ||
    fail "Perennial cannot be installed: is the package index reachable?"
