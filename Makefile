# Needs python3 (3.11 or newer), git and make. Everything else is installed into .venv, as the requirements files lock it.

VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
IS_NEW := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p $(IS_NEW) 2>/dev/null && echo $$p && break; done)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--no-annotate $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help run test quick soak check bench lock docs clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Install what is needed, and start Trunkline on 127.0.0.1:4000 (ARGS="--listen ...").
	@exec $(BIN)/trunkline serve $(ARGS)

test: $(VENV)/.dev ## Run all tests (ARGS="tests/cli -k keys").
	@$(BIN)/python -m pytest $(ARGS)

quick: $(VENV)/.dev ## Run the tests that take no more than a few seconds each.
	@$(BIN)/python -m pytest -m "not slow" $(ARGS)

soak: $(VENV)/.dev ## Run the long tests in full: 200,000 requests with faults, and kills under load.
	@TRUNKLINE_SOAK=$${TRUNKLINE_SOAK:-200000} TRUNKLINE_KILLS=$${TRUNKLINE_KILLS:-50} $(BIN)/python -m pytest -s \
		tests/faults/test_soak.py tests/faults/test_kill.py tests/faults/test_kill_with_limits.py $(ARGS)

check: $(VENV)/.dev ## Look for mistakes without running anything: ruff and strict mypy.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.dev ## Measure Trunkline beside other gateways (ARGS="--quick").
	@$(BIN)/python -m bench $(ARGS)

lock: $(BIN)/uv ## Write the requirements files again from pyproject.toml (UPGRADE=1: with the newest releases).
	@$(BIN)/uv $(COMPILE) pyproject.toml --output-file requirements.txt
	@$(BIN)/uv $(COMPILE) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt

docs: $(VENV)/.dev ## Write the generated pages of docs/reference again.
	@set -e; for page in config:configuration telemetry:metrics cli:cli gateway:errors providers:providers; do \
		$(BIN)/python -m trunkline.$${page%:*}.reference > $(VENV)/page; \
		mv $(VENV)/page docs/reference/$${page#*:}.md; \
	done
	@TRUNKLINE_WRITE_DOCS=1 $(BIN)/python -m pytest -q tests/compatibility tests/guard/test_measured.py \
		tests/routing/test_outages.py \
		> $(VENV)/page || { cat $(VENV)/page; exit 1; }

clean: ## Remove the environment and all caches.
	@rm -rf $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Trunkline runs from this checkout: the environment is told where `src` is, and nothing needs to be built.
$(VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Trunkline needs Python 3.11 or newer, and found none: look for python3.13 in your system's packages, or" >&2; \
		echo "on https://www.python.org/downloads/. If it is not on the PATH: make run PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
	@$(PYTHON) $(IS_NEW) || { echo "$(PYTHON) is too old: Trunkline needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -m venv "$(VENV)" || { echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "$(CURDIR)/src" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/trunkline-checkout.pth"
	@printf '#!/bin/sh\nexec "%s" -P -m trunkline "$$@"\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/trunkline
	@chmod +x $(BIN)/trunkline
	@touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.made
	@echo "Installing what Trunkline runs on ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/.made
	@echo "Installing what the tests need ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $(VENV)/.run $@

$(BIN)/uv: | $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
