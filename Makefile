# Every task of this repository. `make help` lists them. Each target sets up the environment that it needs.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
DEMO := .venv/demo
TARGETS := .venv/targets
LOADERS := .venv/bench
PEERS := .venv/peers
DAGSTER := .venv/dagster
WHEEL := .venv/wheel
RESOLUTION ?= highest
SDK ?= singer-sdk
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.10 --no-python-downloads --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

# The environment variables with which Meltano installs the tap with the versions in requirements/dev.txt.
PINNED := UV_CONSTRAINT=requirements/dev.txt UV_BUILD_CONSTRAINT=requirements/dev.txt

# Like pip, uv trusts the system's certificates.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: help demo models emulator test midnight lint format types docs picture hub e2e soak fuzz bench build package wheel lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO)/.ready ## Load an emulated Gladly into DuckDB with Meltano and query it
	@$(PINNED) $(DEMO)/bin/python -m demo

models: $(DEMO)/.ready ## Load two weeks from the emulator, build the dbt package, and answer docs/questions.md
	@$(PINNED) $(DEMO)/bin/python -m demo.models

PORT ?= 8080
emulator: .venv/.ready ## Serve the emulated Gladly and print the variables to set (other port: make emulator PORT=9000)
	@$(BIN)/gladly-emulator --port $(PORT)

test: .venv/.ready ## Run all tests
	@$(BIN)/pytest

midnight: .venv/.ready ## Run all tests with a clock that passes midnight UTC before a leap day, in another time zone
	@TZ=Pacific/Kiritimati $(BIN)/pytest --clock 2028-02-28T23:59:30Z

lint: .venv/.ready ## Check style, format, spelling, meltano.yml, and the files in .github
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
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

types: .venv/.ready ## Check types with mypy and basedpyright
	@$(BIN)/mypy
	@$(BIN)/basedpyright --pythonpath $(BIN)/python

docs: .venv/.ready ## Generate docs/tables.md and the dbt package's staging models from the schemas
	@$(BIN)/python docs/tables.py > docs/tables.md.new
	@mv docs/tables.md.new docs/tables.md
	@$(BIN)/python dbt/staging.py

# Without .meltano and its state, this is the first run of a new user: Meltano installs its plugins, too. That
# removes the plugins that the tests of targets use.
picture: $(DEMO)/.ready ## Generate docs/demo.svg, the picture in the README, from a first run of the demo
	@rm -rf .meltano $(TARGETS)/.ready
	@mkdir -p output
	@$(PINNED) $(DEMO)/bin/python -m demo --from-scratch > output/demo.txt
	@$(DEMO)/bin/python docs/picture.py < output/demo.txt > docs/demo.svg.new
	@mv docs/demo.svg.new docs/demo.svg

hub: .venv/.ready ## Generate plugin.yaml, the plugin definition for Meltano and Meltano Hub
	@$(BIN)/python hub/generate.py > plugin.yaml.new
	@mv plugin.yaml.new plugin.yaml

e2e: .venv/.ready $(TARGETS)/.ready $(DAGSTER)/.ready ## Run the demo twice, the documented Meltano commands, loads into every target, the dbt package, and a load with parallel extractors
	@$(PINNED) $(DEMO)/bin/python -m demo --from-scratch
	@$(PINNED) $(DEMO)/bin/python -m demo --again
	@$(DEMO)/bin/python -m demo.selection
	@$(BIN)/pytest tests/e2e
	@$(TARGETS)/bin/pytest --confcutdir tests/targets --timeout 600 tests/targets
	@$(TARGETS)/bin/pytest --confcutdir tests/models --timeout 600 tests/models

soak: .venv/.ready ## Load 14 days with faults and kills, then compare the tables (shorter: make soak SOAK="--days 2")
	@cd tests && PYTHONPATH=.. ../$(BIN)/python -m soak $(SOAK)

fuzz: .venv/.ready ## Send random lines through every path for five minutes (other seed or time: make fuzz FUZZ="--seed 7 --minutes 1")
	@cd tests && PYTHONPATH=.. ../$(BIN)/python -m fuzz $(FUZZ)

bench: .venv/.ready $(LOADERS)/.ready $(PEERS)/.ready $(DEMO)/.ready ## Measure speed and memory (shorter: make bench BENCH="--quick --rounds 1")
	@$(BIN)/python -m benchmarks $(BENCH)

build: .venv/.ready ## Build the wheel and the sdist in dist/
	@rm -rf dist
	@$(UV) build --quiet --no-build-isolation --no-create-gitignore --python $(BIN)/python
	@ls dist/*

package: build ## Build, check the contents, then install and run the wheel with pip, uv and pipx
	@$(BIN)/pytest tests/package

# The tests import the installed package, not the checkout's: they run in another folder, and only tests/ is on the
# path. uv applies lowest-direct to what the command line names, so pyproject.toml names the dependencies again.
wheel: .venv/.uv ## Test the wheel in dist/ (oldest dependencies: RESOLUTION=lowest-direct; other SDK: SDK=singer-sdk==...)
	@$(UV) venv --quiet --clear --python $(BIN)/python $(WHEEL)
	@$(UV) pip install --quiet --python $(WHEEL)/bin/python --resolution $(RESOLUTION) \
		dist/*.whl -r pyproject.toml "$(SDK)"
	@$(UV) pip install --quiet --python $(WHEEL)/bin/python --group test --group emulator "$(SDK)"
	@$(UV) pip list --quiet --python $(WHEEL)/bin/python
	@cd $(WHEEL) && bin/pytest -c ../../pyproject.toml --rootdir ../.. -o pythonpath=tests ../../tests

lock: .venv/.uv ## Compile requirements/ (newest versions: make lock UPGRADE=--upgrade)
	@$(COMPILE) pyproject.toml --group dev --group build --output-file requirements/dev.txt
	@for group in uv demo dagster loader loader-jsonl loader-postgres dbt bench peers; do \
		$(COMPILE) --group requirements/pyproject.toml:$$group --output-file requirements/$$group.txt || exit; done
	@$(COMPILE) --group requirements/pyproject.toml:targets --constraint requirements/demo.txt \
		--output-file requirements/targets.txt

clean: ## Remove environments, databases and caches
	rm -rf .venv .meltano output dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environments. A .ready file is newer than everything that its environment is made from.

.venv/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "Python 3.10 or newer is required. Name one, for example: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Creating the environment in .venv"
	@$(PYTHON) -m venv .venv || { \
		echo "Creating .venv failed. On Debian and Ubuntu, run: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.ready: .venv/.uv requirements/dev.txt pyproject.toml gladly_emulator/pyproject.toml
	@echo "Installing the tap and its development tools"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation \
		--editable . --editable ./gladly_emulator
	@touch $@

# duckdb 1.1.3 has no wheel for Python 3.14 or newer. With those, uv finds or downloads an older Python.
OLDER := python=$$($(BIN)/python -c 'import sys; print(sys.executable if sys.version_info < (3, 14) else "")'); \
	$(UV) venv --quiet --clear --python "$${python:-cpython>=3.10,<3.14}"

# Meltano installs its plugins on the first run. This removes them when pins change, so that Meltano installs them again.
$(DEMO)/.ready: .venv/.uv requirements/dev.txt requirements/demo.txt requirements/loader.txt \
		requirements/dbt.txt pyproject.toml meltano.yml
	@echo "Installing Meltano and DuckDB"
	@$(OLDER) $(DEMO) || { \
		echo "The demo needs Python 3.10 to 3.13, because of DuckDB 1.1.3. Install one, then name it, for example:" >&2; \
		echo "make clean, then make demo PYTHON=python3.13" >&2; exit 1; }
	@$(UV) pip install --quiet --compile-bytecode --python $(DEMO)/bin/python --require-hashes -r requirements/demo.txt
	@rm -rf .meltano/extractors .meltano/loaders .meltano/utilities
	@touch $@

# The tests of targets use the plugins that Meltano installs here.
$(TARGETS)/.ready: $(DEMO)/.ready requirements/targets.txt requirements/loader-jsonl.txt requirements/loader-postgres.txt \
		requirements/dbt.txt
	@echo "Installing PostgreSQL and the targets"
	@$(OLDER) $(TARGETS)
	@$(UV) pip install --quiet --compile-bytecode --python $(TARGETS)/bin/python --require-hashes -r requirements/targets.txt
	@$(PINNED) $(TARGETS)/bin/meltano --log-level=warning install --plugin-type extractors
	@$(TARGETS)/bin/meltano --log-level=warning install --plugin-type loaders
	@$(TARGETS)/bin/meltano --log-level=warning install --plugin-type utilities
	@touch $@

$(LOADERS)/.ready: .venv/.uv requirements/bench.txt
	@echo "Installing DuckDB, PostgreSQL and their targets"
	@$(OLDER) $(LOADERS) || { echo "The benchmarks need Python 3.10 to 3.13, because of DuckDB 1.1.3" >&2; exit 1; }
	@$(UV) pip install --quiet --compile-bytecode --python $(LOADERS)/bin/python \
		--require-hashes -r requirements/bench.txt
	@touch $@

$(PEERS)/.ready: .venv/.uv requirements/peers.txt
	@echo "Installing the tools that the benchmarks compare the tap with"
	@$(OLDER) $(PEERS) || { echo "The benchmarks need Python 3.10 to 3.13, because of DuckDB 1.1.3" >&2; exit 1; }
	@$(UV) pip install --quiet --compile-bytecode --python $(PEERS)/bin/python \
		--require-hashes -r requirements/peers.txt
	@touch $@

$(DAGSTER)/.ready: .venv/.uv requirements/dagster.txt
	@echo "Installing Dagster"
	@$(OLDER) $(DAGSTER)
	@$(UV) pip install --quiet --compile-bytecode --python $(DAGSTER)/bin/python \
		--require-hashes -r requirements/dagster.txt
	@touch $@
