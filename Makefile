# What a developer or a newcomer does here; `make help` lists it. Every target sets up what it needs.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
DEMO := .venv/demo
TARGETS := .venv/targets
LOADERS := .venv/bench
DAGSTER := .venv/dagster
WHEEL := .venv/wheel
RESOLUTION ?= highest
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.10 --no-python-downloads --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# uv trusts the certificates that the system trusts, as pip does.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: help demo models emulator test lint format types docs picture hub e2e soak bench build package wheel lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO)/.ready ## Load an emulated Gladly into DuckDB with Meltano, and look at it
	@$(DEMO)/bin/python -m demo

models: $(DEMO)/.ready ## Load two weeks of the emulator, build the dbt package, and answer docs/questions.md
	@$(DEMO)/bin/python -m demo.models

PORT ?= 8080
emulator: $(DEMO)/.ready ## Serve the emulated Gladly and print the variables to set (make emulator PORT=9000)
	@$(DEMO)/bin/python -m gladly_emulator --port $(PORT)

test: .venv/.ready ## Run all tests
	@$(BIN)/pytest

lint: .venv/.ready ## Check style and format, meltano.yml, and the workflows and forms in .github
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/check-jsonschema --quiet --builtin-schema meltano meltano.yml
	@$(BIN)/zizmor --offline --quiet --persona pedantic .github
	@$(BIN)/check-jsonschema --quiet --builtin-schema github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema github-issue-forms \
		$(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))

format: .venv/.ready ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

types: .venv/.ready ## Check types, with two checkers
	@$(BIN)/mypy
	@$(BIN)/basedpyright --pythonpath $(BIN)/python

docs: .venv/.ready ## Write docs/tables.md and the dbt package's staging models from the schemas
	@$(BIN)/python docs/tables.py > docs/tables.md.new
	@mv docs/tables.md.new docs/tables.md
	@$(BIN)/python dbt/generate.py

# Without .meltano and its state, the run is a newcomer's first one: Meltano installs its plugins, too.
# Those that the tests of targets use go with it.
picture: $(DEMO)/.ready ## Write docs/demo.svg, the picture in the README, from a first run of the demo
	@rm -rf .meltano $(TARGETS)/.ready
	@mkdir -p output
	@$(DEMO)/bin/python -m demo --from-scratch > output/demo.txt
	@$(DEMO)/bin/python docs/picture.py < output/demo.txt > docs/demo.svg.new
	@mv docs/demo.svg.new docs/demo.svg

hub: .venv/.ready ## Write what Meltano Hub is to know, from the tap and [project.urls]
	@$(BIN)/python hub/generate.py > hub/tap-gladly.yml.new
	@mv hub/tap-gladly.yml.new hub/tap-gladly.yml

e2e: .venv/.ready $(TARGETS)/.ready $(DAGSTER)/.ready ## Run the demo twice, Meltano's commands, loads of every target, and a split load
	@$(DEMO)/bin/python -m demo --from-scratch
	@$(DEMO)/bin/python -m demo --again
	@$(DEMO)/bin/python -m demo.selection
	@$(BIN)/pytest tests/e2e
	@$(TARGETS)/bin/pytest --confcutdir tests/targets --timeout 600 tests/targets
	@$(TARGETS)/bin/pytest --confcutdir tests/models --timeout 600 tests/models

soak: .venv/.ready ## Load 14 days under faults and kills, and compare (make soak SOAK="--days 2" is shorter)
	@cd tests && PYTHONPATH=.. ../$(BIN)/python -m soak $(SOAK)

bench: .venv/.ready $(LOADERS)/.ready ## Measure speed and memory (make bench BENCH="--quick --rounds 1" is shorter)
	@$(BIN)/python -m benchmarks $(BENCH)

build: .venv/.ready ## Build the wheel and the sdist into dist/
	@rm -rf dist
	@$(UV) build --quiet --no-build-isolation --no-create-gitignore --python $(BIN)/python
	@ls dist/*

package: build ## Build, look at what was built, and install and run it in every way
	@$(BIN)/pytest tests/package

# The checkout's own package stays out of the way: the tests start elsewhere, and the path names tests/ alone.
# To uv, "direct" is what it is asked for by name, so pyproject.toml names the wheel's dependencies again.
wheel: .venv/.uv ## Run all tests on the wheel in dist/ (RESOLUTION=lowest-direct: with the oldest dependencies)
	@$(UV) venv --quiet --clear --python $(BIN)/python $(WHEEL)
	@$(UV) pip install --quiet --python $(WHEEL)/bin/python --resolution $(RESOLUTION) dist/*.whl -r pyproject.toml
	@$(UV) pip install --quiet --python $(WHEEL)/bin/python --group test --editable ./gladly_emulator
	@$(UV) pip list --quiet --python $(WHEEL)/bin/python
	@cd $(WHEEL) && bin/pytest -c ../../pyproject.toml --rootdir ../.. -o pythonpath=tests ../../tests

lock: .venv/.uv ## Compile requirements/ (make lock UPGRADE=--upgrade takes the newest)
	@$(COMPILE) $(UPGRADE) --group uv --output-file requirements/uv.txt
	@$(COMPILE) $(UPGRADE) pyproject.toml --group dev --group build --output-file requirements/dev.txt
	@$(COMPILE) $(UPGRADE) --group demo --output-file requirements/demo.txt
	@for loader in loader loader-jsonl loader-postgres; do \
		$(COMPILE) $(UPGRADE) --group $$loader --output-file requirements/$$loader.txt || exit; done
	@$(COMPILE) $(UPGRADE) --group dbt --output-file requirements/dbt.txt
	@$(COMPILE) $(UPGRADE) --group dagster --output-file requirements/dagster.txt
	@$(COMPILE) $(UPGRADE) --group targets --constraint requirements/demo.txt --output-file requirements/targets.txt
	@$(COMPILE) $(UPGRADE) --group bench --output-file requirements/bench.txt

clean: ## Remove everything made here: environments, databases, caches
	rm -rf .venv .meltano output dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environments. Each stamp is younger than what its environment was made from.

.venv/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "Python 3.10 or newer is needed: make PYTHON=python3.12 ..., for example" >&2; exit 1; }
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv .venv || { \
		echo "Python could not make it; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.ready: .venv/.uv requirements/dev.txt pyproject.toml gladly_emulator/pyproject.toml
	@echo "Installing the tap and what its tests need"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation \
		--editable . --editable ./gladly_emulator
	@touch $@

# duckdb 1.1.3 has no wheel for Python 3.14 or newer: there uv finds an older Python, or fetches one.
OLDER := python=$$($(BIN)/python -c 'import sys; print(sys.executable if sys.version_info < (3, 14) else "")'); \
	$(UV) venv --quiet --clear --python "$${python:-cpython>=3.10,<3.14}"

# Meltano installs its plugins on the first run; they go when pins change, and come back with the new ones.
$(DEMO)/.ready: .venv/.uv requirements/dev.txt requirements/demo.txt requirements/loader.txt requirements/dbt.txt pyproject.toml meltano.yml
	@echo "Installing Meltano and DuckDB"
	@$(OLDER) $(DEMO) || { \
		echo "The demo needs Python 3.10 to 3.13, for DuckDB 1.1.3; install one, or name it: make clean, then" >&2; \
		echo "make demo PYTHON=python3.13, for example" >&2; exit 1; }
	@$(UV) pip install --quiet --compile-bytecode --python $(DEMO)/bin/python --require-hashes -r requirements/demo.txt
	@rm -rf .meltano/extractors .meltano/loaders .meltano/utilities
	@touch $@

# Its tests use the plugins that Meltano installs here.
$(TARGETS)/.ready: $(DEMO)/.ready requirements/targets.txt requirements/loader-jsonl.txt requirements/loader-postgres.txt requirements/dbt.txt
	@echo "Installing PostgreSQL and the loaders"
	@$(OLDER) $(TARGETS)
	@$(UV) pip install --quiet --compile-bytecode --python $(TARGETS)/bin/python --require-hashes -r requirements/targets.txt
	@$(TARGETS)/bin/meltano --log-level=warning install
	@touch $@

$(LOADERS)/.ready: .venv/.uv requirements/bench.txt
	@echo "Installing DuckDB, PostgreSQL and their targets"
	@$(OLDER) $(LOADERS) || { echo "The benchmarks need Python 3.10 to 3.13, for DuckDB 1.1.3" >&2; exit 1; }
	@$(UV) pip install --quiet --compile-bytecode --python $(LOADERS)/bin/python \
		--require-hashes -r requirements/bench.txt
	@touch $@

$(DAGSTER)/.ready: .venv/.uv requirements/dagster.txt
	@echo "Installing Dagster"
	@$(OLDER) $(DAGSTER)
	@$(UV) pip install --quiet --compile-bytecode --python $(DAGSTER)/bin/python \
		--require-hashes -r requirements/dagster.txt
	@touch $@
