# make up runs Pilothouse, make test tests it; both bring what they need. Only Python 3.11+, make and git must be there.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PILOTHOUSE_URL ?= http://127.0.0.1:$(PORT)

.PHONY: up test test-failed lint format bench pictures lock assets clean help

up: .venv/ready assets            ## run Pilothouse on this machine
	@exec $(BIN)/python manage.py up

test: .venv/ready-dev assets      ## run every test (those that need an engine, a cluster or a browser skip without one)
	@$(BIN)/python -m pytest --numprocesses 4

test-failed: .venv/ready-dev assets   ## run only the tests that failed the last time
	@$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

lint: .venv/ready-dev             ## the checks that also run before each commit and in CI
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint templates --quiet
	@$(BIN)/codespell clusters dashboard templates static tests docs README.md CONTRIBUTING.md
	@$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/ready-dev           ## write code the way lint wants it
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: .venv/ready-dev assets     ## measure speed and memory, and print the figures
	@$(BIN)/python -m tests.bench

pictures: .venv/ready-dev assets  ## every page as PNG in pictures/: dark and light, wide and narrow
	@$(BIN)/python -m tests.browser.pictures

lock: .venv/ready-dev             ## write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml --extra build -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml --all-extras -c requirements.lock -o requirements-dev.lock

assets: .venv/ready               # the page's scripts and styles; nothing is done when they are up to date
	@$(BIN)/python static/hatch_build.py

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Pilothouse needs Python 3.11 or newer; this is %d.%d. Name another one: make up PYTHON=python3.12" % sys.version_info[:2])'
	@touch .writable 2>/dev/null && rm -f .writable || { echo "This folder is read-only. Copy Pilothouse to a folder of yours and run make there."; exit 1; }
	@test -x $(BIN)/python || { echo "Making the environment in .venv (once) ..."; $(PYTHON) -m venv .venv || { echo "Python cannot make environments here. On Debian and Ubuntu: apt install python3-venv"; exit 1; }; }
	@echo "Installing (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/ready-dev: requirements-dev.lock .venv/ready
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:                            ## remove what make made (not your data)
	@rm -rf .venv static/node_modules static/dist pictures

help:                             ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12
