# The only commands to remember. Each sets up what it needs; nothing has to be installed by hand but Python 3.11+ and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help render test test-engines control-plane engines lint format bench schema charts docs clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; name one: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

render: $(READY) ## Render org.yaml into rendered/
	$(BIN)/verta-gitops render org.yaml

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest -n auto -m "not engines"

test-engines: $(READY) ## Run the tests under real Argo CD and Flux; see engines
	$(BIN)/python -m pytest -m engines tests/engines

engines: $(READY) ## Build Argo CD and Flux that tests run, into a cache; needs Go
	$(BIN)/python -m tests.engines.programs

control-plane: $(READY) ## Build the API server that tests talk to, into a cache; needs Go
	$(BIN)/python -m tests.live.programs control-plane

lint: $(READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## Bring the code into its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measure the speed on 10,000 workspaces
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.rules --most 10

schema: $(READY) ## Write the JSON Schemas anew
	$(BIN)/verta-gitops schema > schema/org.schema.json
	$(BIN)/verta-gitops schema --fragment > schema/fragment.schema.json

charts: ## Build the chart library of the page anew; needs Node.js
	cd vendor/charts && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent build

docs: $(READY) ## Write the pages of the rules anew
	$(BIN)/verta-gitops rules -o docs/rules

clean: ## Remove what was set up and what was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
