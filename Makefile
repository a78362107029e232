# What one does with Perennial, each with one word. `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK := .venv-spark
NIGHTS ?= 30
HOUSEHOLDS ?= 0
WORKERS ?= 2
SCHEDULES ?= 100
SEED ?= 1
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help set-up demo docs test test-backfill test-deploy test-studio test-spark check chaos bench bench-sending up up-local down reference

help: ## Show this list
	@if [ -t 1 ]; then bold=$$(printf '\033[1m') plain=$$(printf '\033[0m'); fi; \
	awk -F ':.*## ' -v bold="$$bold" -v plain="$$plain" \
		'/^[a-z-]+:.*## / {printf "  %smake %-14s%s %s\n", bold, $$1, plain, $$2}' $(MAKEFILE_LIST)

set-up: $(READY) ## Make .venv with exactly the packages of requirements.lock

$(READY): requirements.lock pyproject.toml scripts/set_up.sh
	@scripts/set_up.sh $(VENV)
	@touch $@

demo: $(READY) ## Run a night and four campaigns on real orders, by Airflow, in this process
	@$(BIN)/perennial demo

test: $(READY) ## Run the tests; ARGS="tests/unit -k birthday" runs some of them
	@scripts/test_services.sh
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-backfill: $(READY) ## Backfill by command and by form in a running Airflow, and see that nobody hears of it
	@BACKFILL_PICTURES=docs/images $(BIN)/python -m pytest -n 0 -m scheduler tests/acceptance/test_backfill_in_airflow.py

test-deploy: $(READY) ## Start all of docker-compose.yml without containers, send, kill a worker, and count
	@scripts/test_services.sh
	@$(BIN)/python -m pytest -n 0 -m deploy tests/deploy/test_running.py

test-studio: $(READY) ## Drive the Studio in a whole Airflow by a browser, and take the pictures of the docs
	@STUDIO_PICTURES=docs/images $(BIN)/python -m pytest -n0 tests/acceptance/test_studio_in_airflow.py

test-spark: $(SPARK)/.ready ## Hold Spark against DuckDB over NIGHTS=30 of the sample shop; needs Java 17, makes .venv-spark
	@NIGHTS=$(NIGHTS) HOUSEHOLDS=$(HOUSEHOLDS) $(SPARK)/bin/python -m pytest -n 0 -m spark tests/spark $(ARGS)

$(SPARK)/.ready: requirements.lock requirements-spark.lock pyproject.toml scripts/set_up.sh
	@scripts/set_up.sh $(SPARK) requirements-spark.lock
	@touch $@

check: $(READY) ## Everything that must hold before a commit: format, lint, types, layers, files, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/perennial check
	@$(MAKE) --no-print-directory test

chaos: $(READY) ## Crash and fault SCHEDULES=100 runs from SEED=1 on, ours and a naive task's; report in .benchmarks/
	@PYTHONPATH=plugins:tests $(BIN)/python -m chaos --schedules $(SCHEDULES) --seed $(SEED) $(ARGS)

bench: $(READY) ## Run every benchmark; results go to .benchmarks/
	@set -e; for file in $(sort $(wildcard benchmarks/*.py)); do echo "$$file"; $(BIN)/python $$file; done

bench-sending: $(READY) ## Send a million emails and 100,000 texts to the emulator; ARGS="--emails 100000 --texts 0"
	@$(BIN)/python benchmarks/sending.py --emails 1000000 --texts 100000 $(ARGS)

up: ## Start everything in containers with the sample shop, and open the Studio at the address it tells
	@scripts/up.sh start

up-local: $(READY) ## The same without containers, as Airflow on this machine alone; PORT=8080
	@scripts/up_local.sh start

down: ## Stop what `make up` or `make up-local` started; everything is kept
	@scripts/up_local.sh stop
	@scripts/up.sh stop

docs: $(READY) ## Make the documentation site in .site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "Documentation: $(CURDIR)/.site/index.html"

reference: $(READY) ## Write the generated reference pages and the campaign schema anew
	@$(BIN)/python -m perennial.cli.reference
	@PYTHONPATH=plugins:tests $(BIN)/python -m defects.page
