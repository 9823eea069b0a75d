# Everything sets itself up: a machine with Linux, macOS or WSL needs only python3 (3.11 or newer), make and git.
# `make demo PYTHON=python3.12` chooses another Python for the environments that are made here.

PYTHON ?= python3
# Compiled modules are kept even where the environment says otherwise: the tests start the program many times over.
export PYTHONDONTWRITEBYTECODE :=
UV = uv==0.13.9

.PHONY: help demo run update test check bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    try the bot in a page in your browser; no token, no Discord account"
	@echo "make run     run the bot on Discord; it needs DISCORD_TOKEN, see .env.example"
	@echo "make update  stop the bot first: a backup, the newest version from git and its packages"
	@echo "make test    run every test"
	@echo "make check   format, lint, types, architecture"
	@echo "make bench   what finding, answering and delivering cost, in some minutes; the first time it makes a large file"
	@echo "make lock    resolve the versions in the lock files anew"
	@echo "make clean   remove the environments and caches; var/ and .env stay"

demo: .venv-demo/installed
	@.venv-demo/bin/python -m bot demo

run: .venv-run/installed
	@.venv-run/bin/python -m bot run

# Whatever fails leaves the version before and its packages. An environment is made only when there is none.
update:
	@test -e .venv-run/installed || $(MAKE) --no-print-directory .venv-run/installed
	@.venv-run/bin/python -m bot update

test: .venv/installed
	.venv/bin/python -m pytest -n 3 --dist worksteal

check: .venv/installed
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m ruff check .
	.venv/bin/python -m basedpyright
	.venv/bin/python -m pytest -q tests/test_architecture.py

# Each prints its figures and ends: none of them fails for being slow.
bench: .venv/installed
	.venv/bin/python -m tests.bench.bench_search
	.venv/bin/python -m tests.bench.bench_answers
	.venv/bin/python -m tests.bench.bench_delivery

# uv is only for this, so it has an environment of its own. The locks hold versions and hashes, no address.
lock: .venv-lock/installed
	$(compile) --output-file requirements.lock
	$(compile) --group demo --output-file requirements-demo.lock
	$(compile) --group dev --output-file requirements-dev.lock

compile = .venv-lock/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate

clean:
	rm -rf .venv .venv-demo .venv-run .venv-lock .venv*.old .pytest_cache .ruff_cache .hypothesis
	find bot cogs data tests -name __pycache__ -prune -exec rm -rf {} +

# An environment is made anew when its lock changes. The file `installed` comes last: an interrupted install is redone.
# It keeps a copy of its lock, by which a start that goes round make sees that it is outdated.
# The demo has its own: it is there in half the time that the tools for tests and checks take.
.venv-run/installed: requirements.lock
.venv-demo/installed: requirements-demo.lock
.venv/installed: requirements-dev.lock

.venv-run/installed .venv-demo/installed .venv/installed:
	$(environment)
	@$(@D)/bin/python -m $(pip) --no-deps --require-hashes -r $<
	@cp $< $(@D)/
	@touch $@

.venv-lock/installed: Makefile
	$(environment)
	@$(@D)/bin/python -m $(pip) $(UV)
	@touch $@

pip = pip install --disable-pip-version-check --quiet --no-compile

# As measured on a small machine with a fast network; the tools for tests and checks are most of .venv.
takes = $(if $(filter .venv,$(@D)),a minute,half a minute)

define environment
$(call refuse,$(problem))
@echo "Setting up $(@D): about $(takes), only now and when its versions change ..."
@"$(PYTHON)" -m venv --clear $(@D)
endef

# What is wrong with the machine or the chosen Python, as one sentence; empty when nothing is.
problem = $(shell \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.platform in ("linux", "darwin"))' 2>/dev/null && { \
		echo 'Attaché runs on Linux and macOS: on Windows, install WSL with wsl --install and run make $(goal) inside it'; exit; }; \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Attaché needs Python 3.11 or newer and "$(PYTHON)" is not one: install it and name it, as in make $(goal) PYTHON=python3.11'; exit; }; \
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		echo '"$(PYTHON)" cannot make virtual environments: install its venv package (Debian, Ubuntu: sudo apt install python3-venv) and run make $(goal) again')
goal = $(or $(firstword $(MAKECMDGOALS)),demo)
refuse = $(if $1,$(error $1))
