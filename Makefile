# The project's commands. Whatever they install goes into .venv, in the versions of constraints.txt.
#
#   make setup    the package and what the demo needs
#   make demo     real data through all zones in a real Airflow    (ARGS=--serve leaves its UI open)
#   make test     the tests, on all processors                     (ARGS='tests/unit -k gate')
#   make lint     style, types, layers, pins                       (make format mends what can be mended)
#   make ui       the Lineage tab: types, tests, and its bundle built anew; needs node and npm
#   make bench    the benchmarks, with ratios                      (BENCHMARKS=hop ARGS='--rows 1000000')

VENV := .venv
BIN := $(VENV)/bin
PINS := constraints.txt
SOURCES := airflow_gov dags tests benchmarks
UI := airflow_gov/web/ui
BENCHMARKS := hop fixed_cost publishers kills quality waiting emission ingestion lineage_graph lineage_page pages audit_log faults audit incident classification
# The first Python here that is new enough.
PYTHON = $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

ALL_EXTRAS := .[amazon,demo,great-expectations,ibis,pandas,polars,postgres]
GROUPS := test lint bench image tools
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints $(PINS) \
	--build-constraints $(PINS) --editable
RESOLVE := $(BIN)/uv pip compile pyproject.toml --all-extras $(addprefix --group ,$(GROUPS)) --universal \
	--python-version 3.11 --no-emit-index-url --no-annotate --no-header --quiet

# The system's certificates, as pip takes them: companies have their own.
export UV_SYSTEM_CERTS := 1
# Container images often set it. Then each of the hundreds of processes that the tests and the demo start
# would compile Airflow anew, which takes most of its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test lint format bench constraints ui ui-check ui-install clean

setup: $(VENV)/.demo
	@echo 'Ready: make demo, or $(BIN)/airflow-gov --help'

demo: $(VENV)/.demo
	@$(BIN)/airflow-gov demo $(ARGS)

test: $(VENV)/.test
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

lint: $(VENV)/.lint
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@cp $(PINS) $(VENV)/$(PINS)
	@$(RESOLVE) --output-file $(VENV)/$(PINS)
	@diff $(PINS) $(VENV)/$(PINS) || { echo '$(PINS) does not fit pyproject.toml: make constraints' >&2; exit 1; }

format: $(VENV)/.lint
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

bench: $(VENV)/.bench
	@set -e; for name in $(BENCHMARKS); do echo "benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py $(ARGS); done

# Resolves anew; a version that still fits stays. UPGRADE=--upgrade takes the newest of everything.
constraints: $(BIN)/uv
	@$(RESOLVE) --output-file $(PINS) $(UPGRADE)

ui: $(UI)/node_modules/.installed
	@cd $(UI) && npm run --silent typecheck && npm test --silent && npm run --silent build

ui-install: $(UI)/node_modules/.installed

# The bundle that is committed is what its sources make, byte for byte.
ui-check: $(UI)/node_modules/.installed
	@cd $(UI) && npm run --silent typecheck && npm test --silent && OUT=node_modules/.bundle npm run --silent build
	@diff -r $(UI)/node_modules/.bundle airflow_gov/web/static/lineage >&2 || \
		{ echo 'airflow_gov/web/static/lineage does not fit its sources: make ui' >&2; exit 1; }

$(UI)/node_modules/.installed: $(UI)/package.json $(UI)/package-lock.json
	@echo 'Installing what the Lineage tab is built with'
	@cd $(UI) && npm ci --silent
	@touch $@

clean:
	rm -rf $(VENV) .airflow-gov build dist $(UI)/node_modules

$(BIN)/uv:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(PINS) uv

# A stamp is younger than the pins it was made from, or the target installs again.
$(VENV)/.demo: pyproject.toml $(PINS) | $(BIN)/uv
	@echo 'Installing airflow-gov and what its demo needs'
	@$(INSTALL) '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml $(PINS) | $(BIN)/uv
	@echo 'Installing airflow-gov with all extras and what its tests need'
	@$(INSTALL) '$(ALL_EXTRAS)' --group test
	@touch $@

$(VENV)/.lint: pyproject.toml $(PINS) | $(BIN)/uv
	@echo 'Installing airflow-gov with all extras and the checkers'
	@$(INSTALL) '$(ALL_EXTRAS)' --group lint
	@touch $@

$(VENV)/.bench: pyproject.toml $(PINS) | $(BIN)/uv
	@echo 'Installing airflow-gov with all extras and what its benchmarks need'
	@$(INSTALL) '$(ALL_EXTRAS)' --group test --group bench
	@touch $@
