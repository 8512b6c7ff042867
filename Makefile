# Every word here works on a fresh clone with Python 3.11 or 3.12, make and a C compiler: each installs what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help run chat test check fix bench fuzz lock browser

help: ## list the words
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The locks carry hashes: what is installed is what was tested. The stamp is made last, so a broken install is tried again.
$(VENV)/run.stamp: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/run.stamp ## run the bot: http://127.0.0.1:8080
	$(BIN)/huixin serve $(ARGS)

chat: $(VENV)/run.stamp ## talk to the bot in this terminal
	$(BIN)/huixin chat $(ARGS)

test: $(VENV)/dev.stamp browser ## the whole suite: a real Redis, a real browser
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/dev.stamp ## format, lint, types, import contracts, content
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/huixin content check

fix: $(VENV)/dev.stamp ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp ## the benchmarks, as ratios (JSON)
	@for b in bench/*.py; do $(BIN)/python $$b $(ARGS) || exit 1; done

fuzz: $(VENV)/dev.stamp ## 200,000 generated callbacks through every gateway
	$(BIN)/python -m tests.gateways.fuzz $(ARGS)

lock: ## renew both lock files (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements-dev.lock
	uv pip compile pyproject.toml -c requirements-dev.lock --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements.lock

# Pages are tested in Debian's Chromium; elsewhere, any chromium on PATH.
browser:
	@command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
	  || (test "$$(id -u)" = 0 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null) \
	  || (command -v sudo >/dev/null && sudo apt-get update -qq && sudo apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null) \
	  || (echo "make test needs Chromium: install it (Debian: apt-get install chromium fonts-noto-cjk)" >&2; exit 1)
