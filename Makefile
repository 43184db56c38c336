# `make` sets everything up; `make run` shows it; `make test` is what a change must pass.
.DEFAULT_GOAL := setup
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# uv of the machine if there is one, else one of our own in .tools.
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
RUN := .venv/bin/
# A company's proxy is often known to the machine only.
export UV_SYSTEM_CERTS ?= true

.PHONY: setup
setup: .venv/.synced ## install everything the other targets need

.venv/.synced: pyproject.toml uv.lock .python-version | $(UV)
	$(UV) sync --locked
	@touch $@

.tools/bin/uv:
	@for python in python3 /usr/bin/python3 python; do \
	  if "$$python" -m venv .tools >/dev/null 2>&1 && .tools/bin/python -m pip install --quiet uv; then exit 0; fi; \
	done; \
	rm -rf .tools; \
	echo "make: uv could not be installed: it takes a Python 3 with venv and pip (Debian: apt-get install python3-venv)." >&2; \
	exit 1

.PHONY: run
run: setup ## take the small simulated fleet from nothing to approved
	@$(RUN)shaken-stir run --fleet local/fleets/small.json --event events/onboarding.json

.PHONY: lint
lint: setup ## ruff and the strict type checker
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

.PHONY: test
test: lint ## everything a change must pass
	$(RUN)pytest

.PHONY: format
format: setup ## mend what ruff can mend
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
