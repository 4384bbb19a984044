# `make` alone lists the targets. Everything that is made lies in .venv, .local and .aws-sam.

bin := .venv/bin
sam := .local/venv/bin/sam
checkov := .local/checkov/bin/checkov
firebreak := $(bin)/firebreak

# An environment that is made again must not be made by its own programs, as where it is activated.
outside := PATH="$(subst $(CURDIR)/$(bin):,,$(PATH))"
# A name on the PATH may be a version manager's shim with nothing behind it, so each candidate is run.
PYTHON ?= $(shell $(outside); for python in python3.13 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && command -v $$python && break; done)
# uv is quicker than pip, where it is there and works.
UV ?= $(shell $(outside); uv --version >/dev/null 2>&1 && command -v uv)

# The clients of local AWS: this machine alone, unless BIND=0.0.0.0 opens it to everybody on your network.
BIND ?=

# Where it is set, every process of local AWS and of the tests compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

# No command here may reach a real account by accident.
sam_env := env -u AWS_PROFILE SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-west-1 PATH="$(CURDIR)/$(bin):$$PATH"

# Whole files, in the order of tests/conftest.py: xdist's own begins with the files of many short tests.
by_files := --dist loadfile --no-loadscope-reorder
two_workers := -n 2 $(by_files)
# The scenarios wait for local AWS most of their time, so that a third has work meanwhile, on two cores as well.
three_workers := -n 3 $(by_files)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types rules unit scenarios prove mutants local local-down invoke template release lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready .local/.ready ## Install everything (quick when nothing changed)

demo: setup ## Run the demo on local AWS
	@$(firebreak) demo

# pytest comes last, so that its summary is the last line.
test: lint ## The whole gate: lint, types, architecture, template, unit, contract and scenario tests
	@$(call on_local_aws,$(bin)/pytest $(three_workers))

lint: setup ## Lint, types, architecture, template
	@$(MAKE) --no-print-directory -j 2 types rules

types: setup
	$(bin)/mypy

rules: setup .local/.checkov-ready
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/lint-imports
	$(sam_env) $(sam) validate --lint
	.local/venv/bin/cfn-lint examples/*/*.yaml examples/cdk/*.template.json
	$(bin)/python -m template.scan $(checkov) template.yaml examples/key/template.yaml

# For the time between two edits. The proofs and the browser's tests are in `make test`, the proofs at length in `make prove`.
unit: setup ## The tests that need neither local AWS nor a browser, without the proofs
	$(bin)/pytest $(two_workers) -m "not local and not docker" --ignore tests/proofs --ignore tests/browser

scenarios: setup ## The tests on local AWS
	@$(call on_local_aws,$(bin)/pytest tests/scenarios)

# ONLY names modules of the core (ONLY="core.incident.verdict core.ecs"); without it all are looked at.
# The ledger's contract runs on local AWS as well; moto and the memory have their turn in `make test`. Only
# the comparison of the two lives many lives in a row, and DynamoDB remembers a claim's token for ten minutes.
prove: setup ## The proofs, at length: properties, interleavings, crash points, sequences, real concurrency (half an hour)
	@export HYPOTHESIS_PROFILE=deep FIREBREAK_PROVE=deep; \
	$(call on_local_aws,$(bin)/pytest $(two_workers) tests/core tests/policy tests/proofs && \
		LEDGER_TEST_ENDPOINT=$$($(firebreak) local environment | sed -n 's/^export AWS_ENDPOINT_URL=//p') \
		$(bin)/pytest $(addprefix tests/ledger/test_,ahead_of_time.py claims.py incidents.py storms.py dynamodb.py dynamodb_incidents.py))

mutants: .venv/.ready ## Change the core in many small ways and look whether its tests notice
	@$(bin)/python -m tests.mutants $(ONLY)

# Runs a command with a local AWS of the tests' own, so that yours (make local) is left alone.
define on_local_aws
	export FIREBREAK_LOCAL_HOME=.local/test; \
	$(firebreak) local up --quiet --no-carrier || exit $$?; \
	trap '$(firebreak) local down --quiet' EXIT; \
	$(1)
endef

local: setup ## Start local AWS, deploy the stack, print the environment to export
	@$(firebreak) local up $(if $(BIND),--bind $(BIND))

local-down: setup ## End local AWS
	@$(firebreak) local down

invoke: setup ## Run FUNCTION (RestartService, ...) on EVENT (events/....json) in a container, as `sam local invoke` does; needs Docker and `make local`
	@test -n "$(FUNCTION)" && test -n "$(EVENT)" || { echo "usage: make invoke FUNCTION=RestartService EVENT=events/....json" >&2; exit 2; }
	@$(firebreak) local invoke $(FUNCTION) $(EVENT)

template: .venv/.ready ## Write template.yaml out of template/ and what the actions declare
	$(bin)/python -m template.generate

release: setup ## Write the files of a release into dist, signed by the SSH key KEY where it is given
	@$(bin)/python -m firebreak_devtools.release $(if $(KEY),--key $(KEY))

lock: setup ## Compile the lock files from pyproject.toml again
	$(lock) pyproject.toml --extra cli --group dev --output-file requirements/dev.txt
	$(lock) pyproject.toml --constraint requirements/dev.txt --output-file shared/requirements.txt
	$(lock) --group local --override requirements/local-overrides.txt --output-file requirements/local.txt
	$(lock) --group checkov --output-file requirements/checkov.txt

lock = $(or $(UV),$(bin)/uv) pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--quiet

clean: ## Remove everything that was made; end local AWS first
	@! test -x $(firebreak) || $(firebreak) local down --quiet
	rm -rf .venv .local .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Hashes are checked by both installers. The project itself goes in as it lies here.
install = $(if $(UV),$(UV) pip install --quiet --python $(1)/bin/python,$(1)/bin/python -m pip install -qq --disable-pip-version-check)

.venv/.ready: requirements/dev.txt pyproject.toml devtools/pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.13 on the PATH; name one with make PYTHON=..." >&2; exit 1; }
	@echo "setting up .venv (about half a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(call install,.venv) --require-hashes --requirement requirements/dev.txt
	@$(call install,.venv) --no-deps --no-build-isolation --editable . --editable devtools
	@touch $@

# SAM CLI and the emulator pin libraries that exclude each other on paper; the lock overrules that
# (requirements/local-overrides.txt), so nothing may resolve it again: --no-deps.
.local/.ready: requirements/local.txt
	@test -n "$(PYTHON)" || { echo "no Python 3.13 on the PATH; name one with make PYTHON=..." >&2; exit 1; }
	@echo "setting up .local/venv with SAM CLI and local AWS (about half a minute)"
	@$(PYTHON) -m venv --clear .local/venv
	@$(call install,.local/venv) --no-deps --require-hashes --requirement requirements/local.txt
	@touch $@

# For `make lint` alone: nobody waits for it who runs the demo (docs/adr/0065).
.local/.checkov-ready: requirements/checkov.txt
	@test -n "$(PYTHON)" || { echo "no Python 3.13 on the PATH; name one with make PYTHON=..." >&2; exit 1; }
	@echo "setting up .local/checkov with checkov (about half a minute)"
	@mkdir -p .local
	@$(PYTHON) -m venv --clear .local/checkov
	@$(call install,.local/checkov) --no-deps --require-hashes --requirement requirements/checkov.txt
	@touch $@
