# Everything a developer or an operator types. `make` alone lists it.

PYTHON ?= python3
# Two processes, a file to each in turn; such as: make test PYTEST_ARGS='-k threading'
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder
# Such as: crash-loop --engine sqlite --seed 7 --out table.txt
TORTURE_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test venv lint format bench torture lock clean

help: ## this list
	@echo 'make TARGET'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

run: venv ## start the gateway with the small example desk; Ctrl-C ends it
	@exec $(BIN)/gateway --config gateway.toml serve

test: $(VENV)/.dev ## install what is missing, then run the whole test suite on real servers
	@tests/services/install
	$(BIN)/pytest -q $(PYTEST_ARGS)

venv: $(VENV)/.run ## make .venv with the locked dependencies and the command `gateway`

lint: $(VENV)/.dev ## formatting, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy gateway tests
	$(BIN)/lint-imports

format: $(VENV)/.dev ## format the code and mend what lint can mend by itself
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## acceptance and the whole path, beside a stock aiosmtpd
	$(BIN)/python -m tests.bench

torture: $(VENV)/.dev ## every campaign against the promises, as a table: TORTURE_ARGS="--list"
	@tests/services/install
	$(BIN)/python -m tests.torture $(TORTURE_ARGS)

# uv is needed here only; everybody else installs the locks with pip.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' pyproject.toml --all-extras --group build
lock: ## renew requirements*.txt from pyproject.toml
	$(LOCK) -o requirements.txt
	$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt

clean: ## remove .venv, caches and the example's var/
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A Debian without python3-venv makes an environment without pip; the system's pip then fills it.
INSTALL = if $(BIN)/python -m pip --version >/dev/null 2>&1; then pip="$(BIN)/python -m pip"; \
	else pip="$(PYTHON) -m pip --python $(BIN)/python"; fi; \
	$$pip --disable-pip-version-check --no-input install --quiet

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@echo 'making $(VENV) ...'
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/.run: requirements.txt | $(BIN)/python
	@echo 'installing the locked dependencies ...'
	@$(INSTALL) --require-hashes -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo 'installing the locked tools ...'
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@
