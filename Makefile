# Every target brings what it needs up to date first; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
HOST_PYTHON := $(shell command -v python3 || command -v python)
.PHONY: help require-python setup run test test-long lint format bench docs lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

require-python:
	@[ -n "$(HOST_PYTHON)" ] || { echo "parley: Python 3.11 or later is needed, and no python3 is on the PATH." >&2; exit 1; }

setup: require-python ## Make .venv, node_modules, the packet plane and the web app
	@$(HOST_PYTHON) scripts/setup.py all

run: require-python ## Start everything on this machine and print a link to open
	@$(HOST_PYTHON) scripts/setup.py run && exec $(PYTHON) -m localcloud

test: require-python ## Format, lint, types, boundaries and every test but the slow ones
	@$(HOST_PYTHON) scripts/setup.py test && exec $(PYTHON) scripts/check.py

test-long: require-python ## The same, slow tests included
	@$(HOST_PYTHON) scripts/setup.py test && exec $(PYTHON) scripts/check.py --slow

lint: require-python ## Format check, lint, types and boundaries only
	@$(HOST_PYTHON) scripts/setup.py test && exec $(PYTHON) scripts/check.py --only format,static

format: require-python ## Write Python, Rust and TypeScript in the project's format
	@$(HOST_PYTHON) scripts/setup.py run
	@.venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format --quiet .
	@cd packet_plane && cargo fmt --all
	@cd web && npm run --silent format

bench: require-python ## Print the figures that the README states; BENCH="--long --json FOLDER latency" as you like
	@$(HOST_PYTHON) scripts/setup.py test && exec $(PYTHON) scripts/bench.py $(BENCH)

docs: require-python ## Check that every link between the pages of docs/ leads somewhere
	@$(HOST_PYTHON) scripts/check_links.py

lock: require-python ## Resolve the *.in files again, keeping versions that still fit
	@$(HOST_PYTHON) scripts/setup.py run && bash scripts/lock.sh

clean: ## Remove everything that was built; what a run keeps in .parley stays
	@rm -rf .venv .setup web/node_modules web/dist localcloud/node_modules packet_plane/target cdk.out
	@rm -rf tests/engines/dynamodb_local/lib
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
