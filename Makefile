# The only entry point a newcomer needs. Everything runs in .venv, which the first target makes.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up preview charts render destroy down shell status test test-fast lint format bench parity docs schema lock

STACK ?= dev
PYTHON_FOR_VENV ?= python3
VENV := .venv
PYTHON := $(VENV)/bin/python
UV := $(VENV)/bin/uv
READY := $(VENV)/.ready
UV_VERSION := 0.13.9
CACHE := $(or $(BIZ_AUTOMATION_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/biz-automation)
# The SDKs are large: compiled once they load in a second, else in ten. Compiled modules stay out of the checkout.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CACHE)/bytecode
# A process per core; each that needs a control plane has its own, which takes more than a gigabyte.
PYTEST := $(PYTHON) -m pytest --numprocesses logical --maxprocesses 4
LOCK_FLAGS := --quiet --generate-hashes --python-version 3.11 --universal --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo "STACK=dev (default), stg, prod, azure-dev, openshift-dev, ... chooses the stack: every Pulumi.<stack>.yaml."

up: $(READY) ## deploy a stack into the embedded cloud, with the policy pack
	@$(PYTHON) -m sandbox up --stack $(STACK)

preview: $(READY) ## show what an update would change, with the policy pack
	@$(PYTHON) -m sandbox preview --stack $(STACK)

charts: $(READY) ## fill the chart mirror (CHART_MIRROR, else the cache) and compare every digest
	@$(PYTHON) -m sandbox charts

render: $(READY) ## render every chart with a stack's values and have policies and API server judge every object
	@$(PYTHON) -m sandbox render --stack $(STACK)

destroy: $(READY) ## remove a stack, then ask AWS and Kubernetes whether anything is left
	@$(PYTHON) -m sandbox destroy --stack $(STACK)

down: $(READY) ## end the embedded cloud's daemons; their contents stay
	@$(PYTHON) -m sandbox down

shell: $(READY) ## a shell in which plain pulumi, kubectl and aws see the embedded cloud
	@$(PYTHON) -m sandbox shell --stack $(STACK)

status: $(READY) ## say which daemons run
	@$(PYTHON) -m sandbox status

test: $(READY) ## every test, the engine's included
	@$(PYTEST)

test-fast: $(READY) ## what needs neither engine nor control plane
	@$(PYTEST) -m "not engine and not sandbox"

lint: $(READY) ## formatter, linters, strict type checker, documentation up to date
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/yamllint --strict .
	@$(VENV)/bin/basedpyright
	@$(PYTHON) docs/generate.py --check

format: $(READY) ## lay the code out
	@$(VENV)/bin/ruff format .

bench: $(READY) ## times and memory, as ratios to a floor
	@$(PYTHON) -m tests.bench

parity: $(READY) ## what each cloud registers, by capability, and why one lacks what another has
	@$(PYTHON) -m tests.unit.parity

docs: $(READY) ## a page per component, from its docstring, and one that compares the clouds
	@$(PYTHON) docs/generate.py
	@$(PYTHON) -m tests.unit.parity --write

schema: $(READY) ## the JSON schema that editors use for Pulumi.*.yaml
	@$(PYTHON) -m stacks.schema

lock: $(READY) ## compile the pinned requirements
	@$(UV) pip compile $(LOCK_FLAGS) requirements.in -o requirements.txt
	@$(UV) pip compile $(LOCK_FLAGS) requirements-dev.in -o requirements-dev.txt
	@$(UV) pip compile $(LOCK_FLAGS) sandbox/tools/requirements.in -o sandbox/tools/requirements.txt

$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON_FOR_VENV) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "error: Python 3.11 or newer is needed; install it, or name it: make PYTHON_FOR_VENV=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "Making .venv ..."; $(PYTHON_FOR_VENV) -m venv --clear $(VENV) >$(VENV).log 2>&1; } || { \
		rm -rf $(VENV); echo "error: $(PYTHON_FOR_VENV) cannot make a virtual environment ($$(tail -n 1 $(VENV).log)); install its venv module (Debian: apt install python3-venv)." >&2; rm -f $(VENV).log; exit 1; }
	@rm -f $(VENV).log
	@echo "Installing the pinned requirements ..."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { \
		echo "error: uv $(UV_VERSION) could not be installed from the package index; check the network and run the command again." >&2; exit 1; }
	@$(UV) pip sync --quiet --require-hashes --python $(PYTHON) requirements.txt requirements-dev.txt || { \
		echo "error: the pinned requirements could not be installed (see above); check the network and run the command again." >&2; exit 1; }
	@touch $@
