#!/usr/bin/env bash
# Everything in containers, by docker-compose.yml, with the sample shop. Secrets are made on the first start and lie in .env.
#   scripts/up.sh start     scripts/up.sh stop
set -euo pipefail
cd "$(dirname "$0")/.."

has_engine() { docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

fernet_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

# Fills in what docker-compose.yml refuses to start without; what somebody has written into .env stays.
secrets() {
    local name value
    if [ ! -f .env ]; then
        (umask 077 && cp .env.example .env)
        # A person is asked each time, so that there is something to approve.
        echo "PERENNIAL_APPROVE_ABOVE=0" >>.env
    fi
    for name in $(grep -oE '\$\{\w+:\?' docker-compose.yml | tr -d '${:?' | sort -u); do
        if ! grep -qE "^$name=." .env; then
            value=$(random)
            [ "$name" = AIRFLOW_FERNET_KEY ] && value=$(fernet_key)
            if grep -q "^$name=" .env; then
                sed -i "s|^$name=.*|$name=$value|" .env
            else
                echo "$name=$value" >>.env
            fi
        fi
    done
}

campaigns() {
    for file in campaigns/*.yaml; do
        echo "campaign_$(basename "$file" .yaml)"
    done
}

setting() { sed -n "s/^$1=//p" .env | tail -n 1; }

in_container() { docker compose run --rm --no-TTY cli "$@"; }

has_shop() { [ -n "$(setting PERENNIAL_SOURCE_URL)" ] || in_container test -e /var/lib/perennial/shop.db; }

start() {
    if ! has_engine; then
        echo "No container engine answers here: \`docker info\` and \`docker compose version\` say why. Without one: make up-local" >&2
        exit 1
    fi
    secrets
    echo "Building the image and starting its services: minutes the first time."
    docker compose up --detach --build
    if ! has_shop; then
        echo "Loading the sample shop, and its last two nights: a minute."
        in_container bash -s <scripts/sample_shop.sh
        echo "Planning the campaigns: a minute or two."
        # shellcheck disable=SC2046 # one word a campaign
        docker compose exec --no-TTY api-server \
            python - http://localhost:8080 nightly $(campaigns) <scripts/first_day.py || true
    fi
    local port
    port=$(setting AIRFLOW_PORT)
    cat <<TEXT
Airflow is running at http://localhost:${port:-8080}
  Approve, look and follow in the Studio: http://localhost:${port:-8080}/plugin/studio
  Who may sign in: docker compose exec api-server cat /opt/airflow/passwords.json
  Settings and secrets: .env
  Stop it with: make down
TEXT
}

stop() {
    if has_engine && [ -f .env ]; then
        docker compose down
    fi
}

case "${1:-start}" in
start) start ;;
stop) stop ;;
*)
    echo "usage: scripts/up.sh start|stop" >&2
    exit 2
    ;;
esac
