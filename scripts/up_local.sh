#!/usr/bin/env bash
# Airflow on this machine without containers, with the sample shop: all its parts, one address, all it writes in .airflow/.
#   scripts/up_local.sh start     scripts/up_local.sh stop
# Everybody is an administrator, unless USERS names some, such as USERS=ann:admin,mark:user,vera:viewer; their names are their passwords.
set -euo pipefail
cd "$(dirname "$0")/.."

port=${PORT:-8080}
home=$PWD/.airflow
session=$home/session
log=$home/airflow.log
export PATH="$PWD/.venv/bin:$PATH"

running() { [ -s "$session" ] && pgrep -s "$(cat "$session")" >/dev/null; }

stop() {
    if ! running; then
        echo "Airflow is not running."
        return
    fi
    # A signal to the parent alone would leave its children behind, so the whole session is told.
    pkill -TERM -s "$(cat "$session")"
    for _ in $(seq 30); do
        running || break
        sleep 1
    done
    running && pkill -KILL -s "$(cat "$session")"
    rm -f "$session"
    echo "Airflow has stopped."
}

# Keys are made once and kept; every part of Airflow must know the same ones.
secrets() {
    [ -f "$home/secrets.env" ] || (
        umask 077
        python - >"$home/secrets.env" <<'PYTHON'
import base64, secrets
print(f"AIRFLOW__CORE__FERNET_KEY={base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}")
print(f"AIRFLOW__API__SECRET_KEY={secrets.token_hex(32)}")
print(f"AIRFLOW__API_AUTH__JWT_SECRET={secrets.token_hex(64)}")
PYTHON
    )
    set -a
    # shellcheck source=/dev/null
    . "$home/secrets.env"
    set +a
}

passwords() (
    umask 077
    python - "$USERS" >"$home/passwords.json" <<'PYTHON'
import json, sys
names = [user.split(":")[0] for user in sys.argv[1].split(",")]
print(json.dumps(dict(zip(names, names))))
PYTHON
)

environment() {
    export AIRFLOW_HOME=$home
    export AIRFLOW__CORE__DAGS_FOLDER=$PWD/dags
    export AIRFLOW__CORE__PLUGINS_FOLDER=$PWD/plugins
    export AIRFLOW__CORE__LOAD_EXAMPLES=False
    export AIRFLOW__CORE__EXECUTOR=LocalExecutor
    export AIRFLOW__CORE__PARALLELISM=2
    export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:$port/execution/
    if [ -n "${USERS:-}" ]; then
        export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=$USERS
        export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$home/passwords.json
        passwords
    else
        export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=True
    fi
    export AIRFLOW__API__HOST=127.0.0.1
    export AIRFLOW__API__PORT=$port
    export AIRFLOW__API__BASE_URL=http://127.0.0.1:$port
    export AIRFLOW__API__WORKERS=1
    # On a loaded machine, what is only slow is not given up.
    export AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT=120
    export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=10
    export AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=10
    export PERENNIAL_HOME=${PERENNIAL_HOME:-$home/perennial}
    # Waves leave one after another without waiting for the customers' hours: this is for looking at.
    export PERENNIAL_CLOCK=${PERENNIAL_CLOCK:-simulated}
    # And a person is asked each time, so that there is something to approve.
    export PERENNIAL_APPROVE_ABOVE=${PERENNIAL_APPROVE_ABOVE:-0}
}

healthy() {
    python - "$port" <<'PYTHON' 2>/dev/null
import json, sys, urllib.request
with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/v2/monitor/health", timeout=30) as answer:
    parts = json.load(answer)
needed = ("metadatabase", "scheduler", "dag_processor", "triggerer")
sys.exit(any((parts.get(part) or {}).get("status") != "healthy" for part in needed))
PYTHON
}

wait_until_healthy() {
    for _ in $(seq 300); do
        healthy && return
        running || break
        sleep 2
    done
    echo "Airflow did not start; the end of $log:" >&2
    tail -n 20 "$log" >&2
    exit 1
}

start() {
    if running; then
        echo "Airflow is running at http://127.0.0.1:$port. Stop it with: make down"
        return
    fi
    mkdir -p "$home"
    secrets
    environment
    local is_new=
    if [ ! -e "$PERENNIAL_HOME/shop.db" ] && [ -z "${PERENNIAL_SOURCE_URL:-}" ]; then
        is_new=yes
        echo "Loading the sample shop, and its last two nights: a minute."
        # Half a shop would count as one on the next start.
        trap 'rm -f "$PERENNIAL_HOME/shop.db"' EXIT
        scripts/sample_shop.sh >"$log.shop" 2>&1 || {
            tail -n 20 "$log.shop" >&2
            exit 1
        }
        trap - EXIT
    fi
    echo "Starting Airflow: about half a minute."
    airflow db migrate >"$log" 2>&1
    airflow pools import deploy/pools.json >>"$log" 2>&1
    setsid airflow standalone >>"$log" 2>&1 </dev/null &
    echo $! >"$session"
    wait_until_healthy
    if [ -n "$is_new" ]; then
        echo "Planning the campaigns: a minute or two."
        # shellcheck disable=SC2046 # one word a campaign
        python scripts/first_day.py "http://127.0.0.1:$port" nightly $(campaigns) || true
    fi
    cat <<TEXT
Airflow is running at http://127.0.0.1:$port
  Approve, look and follow in the Studio: http://127.0.0.1:$port/plugin/studio
  Messages go to $PERENNIAL_HOME/mailbox, and to nobody.
  Log: $log
  Stop it with: make down
TEXT
}

campaigns() {
    for file in campaigns/*.yaml; do
        echo "campaign_$(basename "$file" .yaml)"
    done
}

case "${1:-start}" in
start) start ;;
stop) stop ;;
*)
    echo "usage: scripts/up_local.sh start|stop" >&2
    exit 2
    ;;
esac
