#!/usr/bin/env bash
# What a few tests need from the system: PostgreSQL for the ledger, MariaDB as a shop's, Redis for Celery, Chromium for how emails look.
# Installs them where that is possible; where not, says in one line what is missing, and those tests are skipped.
set -uo pipefail

missing=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null || missing+=(mariadb-server)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium chromium-browser google-chrome >/dev/null || missing+=(chromium)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 && exit 0
fi
echo "Not installed: ${missing[*]}. The tests that need them are skipped; apt-get install ${missing[*]} brings them."
