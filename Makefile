# `make` sets everything up; `make run` shows it; `make test` is what a change must pass.
.DEFAULT_GOAL := setup
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# uv of the machine if there is one, else the locked version, in .tools. A new version has a folder of its own, so it is installed.
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' .ci/uv-requirements.txt)
UV_HOME := .tools/uv-$(UV_VERSION)
UV := $(or $(shell command -v uv 2>/dev/null),$(UV_HOME)/bin/uv)
RUN := .venv/bin/
# A company's proxy is often known to the machine only.
export UV_SYSTEM_CERTS ?= true
# The command starts in one second with bytecode and in several without; the tests start it a hundred times.
export PYTHONDONTWRITEBYTECODE :=

# What installs or builds packages runs their code, which is not to see the Auth Token.
WITHOUT_TOKEN := env -u TWILIO_AUTH_TOKEN

# uv fetches a Python if the machine has none that will do, unless a firewall or UV_PYTHON_DOWNLOADS=never keeps it from that.
NO_PYTHON := make: uv found no Python $(shell cat .python-version) here and could not fetch one: install it (pyenv install \
  $(shell cat .python-version), or your system'"'"'s packages), or say where it is (UV_PYTHON=/path/to/python), then run make again.

# Three sets of packages, each with a stamp: for a stack on AWS, for a run on this machine, and for everything.
# A larger set contains the smaller ones, so its sync also touches their stamps. Syncing a smaller set removes no package.
STACK_SYNCED := .venv/.synced-stack
RUN_SYNCED := .venv/.synced-run
ALL_SYNCED := .venv/.synced
$(STACK_SYNCED): SET := --inexact --no-default-groups
$(STACK_SYNCED): STAMPS := $(STACK_SYNCED)
$(RUN_SYNCED): SET := --inexact --no-default-groups --extra local
$(RUN_SYNCED): STAMPS := $(STACK_SYNCED) $(RUN_SYNCED)
$(ALL_SYNCED): SET := --all-extras
$(ALL_SYNCED): STAMPS := $(STACK_SYNCED) $(RUN_SYNCED) $(ALL_SYNCED)

.PHONY: setup
setup: $(ALL_SYNCED) ## install what every other target needs

$(STACK_SYNCED) $(RUN_SYNCED) $(ALL_SYNCED): pyproject.toml uv.lock .python-version | $(UV)
	@$(WITHOUT_TOKEN) $(UV) sync --locked $(SET) || { $(UV) python find >/dev/null 2>&1 || echo '$(NO_PYTHON)' >&2; exit 1; }
	@touch $(STAMPS)

$(UV_HOME)/bin/uv:
	@for python in python3 /usr/bin/python3 python; do \
	  if "$$python" -m venv $(UV_HOME) >/dev/null 2>&1 && \
    $(WITHOUT_TOKEN) $(UV_HOME)/bin/python -m pip install --quiet --require-hashes --requirement .ci/uv-requirements.txt; then \
	    exit 0; \
	  fi; \
	done; \
	rm -rf $(UV_HOME); \
	echo "make: uv could not be installed: it takes a Python 3 with venv and pip (Debian: apt-get install python3-venv)." >&2; \
	exit 1

# SAM CLI and checkov have environments of their own, see .ci/.
SAM := .tools/sam/bin/sam
CHECKOV := .tools/checkov/bin/checkov
export SAM_CLI_TELEMETRY := 0

$(SAM): .ci/sam-requirements.txt
$(CHECKOV): .ci/checkov-requirements.txt
$(SAM) $(CHECKOV): | $(STACK_SYNCED)
	$(UV) venv --quiet --clear --python .venv/bin/python .tools/$(@F)
	$(WITHOUT_TOKEN) $(UV) pip install --quiet --python .tools/$(@F)/bin/python --require-hashes --requirements $<
	@touch $@

# Ctrl-C reaches make, too, which then ends with 130 by itself; without its "Error 130" the command's sentence is the last one.
OR_CTRL_C := || { code=$$?; [ $$code -eq 130 ] || exit $$code; }

# TWILIO=live is the account that TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN name; ARGS is for more options.
WHERE = $(if $(filter live,$(TWILIO)),--live,--fleet simulator/fleets/small.json --event events/onboarding.json)

.PHONY: run
run: $(RUN_SYNCED) ## take the small simulated fleet from nothing to approved, or with TWILIO=live your own to its review
	@[ -z '$(filter-out live,$(TWILIO))' ] || { echo 'make run: TWILIO is live or nothing, not $(TWILIO).' >&2; exit 2; }
	@$(RUN)shaken-stir run $(WHERE) $(ARGS) $(OR_CTRL_C)

.PHONY: lint lint-python lint-template lint-sam
lint: setup $(SAM) ## ruff, the strict type checker, and the template's linters
	@$(MAKE) --no-print-directory --jobs=2 --output-sync lint-template lint-python lint-sam

lint-python: setup
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

lint-template: setup
	$(RUN)cfn-lint --append-rules cfn_lint_serverless.rules --template template.yaml

lint-sam: setup $(SAM)
	$(SAM) validate --region us-east-1

.PHONY: test
test: lint $(CHECKOV) ## everything a change must pass
	$(RUN)pytest --numprocesses 3 --dist loadgroup

FAULTS := tests/steps/faults tests/machine/test_stopped_anywhere.py $(addprefix tests/steps/test_,any_order.py \
  forged_callbacks.py killed_anywhere.py no_post_twice.py two_at_once.py)

# Too much for `make test`. The document is written from the results, and only if all are good.
.PHONY: faults
faults: setup ## all that can go wrong, operation by operation and in any order, and docs/reliability.md from the results
	$(RUN)pytest $(FAULTS) --numprocesses 4 --dist loadgroup --hypothesis-profile faults --junitxml .faults.xml
	@$(RUN)python -m tools.reliability .faults.xml

.PHONY: coverage
coverage: setup ## show the lines and branches of functions/ that no test covers
	$(RUN)pytest --numprocesses 3 --dist loadgroup --cov --cov-report=term

.PHONY: defects
defects: setup ## plant defects, one by one in a copy: each must turn a test red
	@$(RUN)python -m tools.planted_defects $(OPTIONS)

.PHONY: uv-requirements sam-requirements checkov-requirements
uv-requirements: $(STACK_SYNCED) ## take the newest uv
sam-requirements: $(STACK_SYNCED) ## take the newest SAM CLI
checkov-requirements: $(STACK_SYNCED) ## take the newest checkov
uv-requirements sam-requirements checkov-requirements:
	$(WITHOUT_TOKEN) $(UV) pip compile --quiet --upgrade --universal --python-version 3.13 --generate-hashes \
	  --custom-compile-command "make $@" --output-file .ci/$@.txt .ci/$@.in

ARCH := arm64
OTHER_ARCH = $(filter-out $(ARCH),arm64 x86_64)
BUILD_DIR := .aws-sam/build

# MAKEFLAGS is this make's own; the makefiles of functions/ and layers/ find python3.13 and uv on the path. What SAM CLI has for its standard
# output is advice on commands of its own, which know nothing of ARCH; progress and errors go to standard error.
.PHONY: build
build: $(STACK_SYNCED) $(SAM) ## what is deployed, for ARCH=arm64 or ARCH=x86_64
	@[ '$(filter $(ARCH),arm64 x86_64)' ] || { echo 'make build: ARCH is arm64 or x86_64, not $(ARCH).' >&2; exit 2; }
	$(WITHOUT_TOKEN) -u MAKEFLAGS ARCH=$(ARCH) PATH="$(CURDIR)/.venv/bin:$(abspath $(dir $(UV))):$$PATH" \
	  $(SAM) build --no-cached --build-dir $(BUILD_DIR) --parameter-overrides Architecture=$(ARCH) >/dev/null
	@# What was built for one processor cannot be deployed to the other.
	@sed -i.bak -E '/^  Architecture:/,/^  [A-Z]/{s/Default:.*/Default: $(ARCH)/;/- $(OTHER_ARCH)$$/d}' $(BUILD_DIR)/template.yaml
	@rm $(BUILD_DIR)/template.yaml.bak
	@$(if $(filter .aws-sam/build,$(BUILD_DIR)),$(RUN)python -m shaken_stir.cli.deploy built --build $(BUILD_DIR) --architecture $(ARCH))

STACK := shaken-stir
# The template's parameters to change, such as PARAMETERS='AlarmEmail=ops@acme.example Regions="US,CA"'.
PARAMETERS :=
# More options for `sam deploy`, such as --no-confirm-changeset.
OPTIONS :=

# Without --template-file, since SAM CLI looks for samconfig.toml beside that. It does not read AWS_REGION by itself.
.PHONY: deploy
deploy: $(STACK_SYNCED) $(SAM) ## deploy what `make build` built for ARCH, as STACK; PARAMETERS that are not named stay as they are
	@$(RUN)python -m shaken_stir.cli.deploy before --build $(BUILD_DIR) --architecture $(ARCH) --stack $(STACK)
	$(SAM) deploy --stack-name $(STACK) $(AWS_REGION:%=--region %) \
	  --parameter-overrides Architecture=$(ARCH) $(if $(PARAMETERS),'$(PARAMETERS)') $(OPTIONS)
	@$(RUN)python -m shaken_stir.cli.deploy after --stack $(STACK)

.PHONY: delete
delete: $(STACK_SYNCED) ## stop what STACK runs and delete it; OPTIONS=--yes asks no question
	@$(RUN)python -m shaken_stir.cli.deploy delete --stack $(STACK) $(OPTIONS)

.PHONY: request
request: EVENT :=
request: $(RUN_SYNCED) ## send EVENT=events/... to the deployed STACK and follow it
	@[ -n '$(EVENT)' ] || { echo 'make request: say which request, such as EVENT=events/whole_fleet.json.' >&2; exit 2; }
	@$(RUN)shaken-stir request --event $(EVENT) --stack $(STACK)

.PHONY: serve
serve: $(RUN_SYNCED) ## keep AWS, Twilio and the webhook up on this machine, until Ctrl-C
	@$(RUN)shaken-stir serve $(ARGS) $(OR_CTRL_C)

# AssignToTrustProduct is tried with events/assign_to_trust_product.json.
EVENT = events/$(shell sed -E 's/([a-z])([A-Z])/\1_\2/g' <<<'$(FN:Function=)' | tr A-Z a-z).json
# The person's own AWS credentials stay out of the container.
ANY_CREDENTIALS := AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
# Only for a Docker that cannot tell by itself where it runs: the address of this machine as its containers know it.
HOST_FROM_CONTAINER :=

.PHONY: invoke
invoke: $(SAM) ## run FN=... as `make build` built it, in a container, against what `make serve` keeps up
	@[ -n '$(FN)' ] || { echo 'make invoke: say which function, such as FN=AssignToTrustProduct.' >&2; exit 2; }
	@[ -e $(BUILD_DIR)/template.yaml ] || { echo 'make invoke: run `make build` first.' >&2; exit 2; }
	@env -u AWS_PROFILE -u AWS_SESSION_TOKEN $(ANY_CREDENTIALS) $(SAM) local invoke $(FN:Function=)Function \
	  --event $(EVENT) --env-vars events/local.env.json $(HOST_FROM_CONTAINER:%=--add-host host.docker.internal:%)

.PHONY: bench
bench: ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
bench: BUILD_DIR := .aws-sam/bench
bench: setup build ## measure speed, some eleven minutes long: docs/benchmarks.md, the audit of a fleet, how soon --help and the page are there
	@$(RUN)python -m tests.benchmarks.speed $(BUILD_DIR)
	@$(RUN)python tests/benchmarks/audit.py
	@$(RUN)python tests/benchmarks/command_start.py
	@$(RUN)python -m tests.benchmarks.page

# The definition first: the picture is drawn from it. docs/calls.md is measured, which takes minutes, so it has its own target.
.PHONY: docs
docs: setup ## write anew what is generated: the definition and its picture, docs/iam.md, docs/costs.md, docs/commands.md, the schemas
	$(RUN)python -m tools.definition
	$(RUN)python -m tools.picture
	$(RUN)python -m tools.rights
	$(RUN)python -m tools.costs
	$(RUN)python -m tools.announcement_schemas
	$(RUN)python -m tools.command_reference
	$(RUN)python -m simulator.fleet_schema

.PHONY: calls
calls: setup ## measure anew what each situation costs, in docs/calls.md
	$(RUN)python -m tools.calls

.PHONY: screenshots
screenshots: setup ## take the README's pictures of the page anew, with Chromium
	$(RUN)python -m tools.screenshots

.PHONY: format
format: setup ## fix what ruff can fix
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24
