# make check          judge the built-in store over its socket, the mock, the Python client, and the Twilight SDK where it and a
#                     Chromium are installed; the report goes to refresh-report/
# make test           everything that proves the suite itself: lint, types, tests; it installs the SDK. ARGS="-k turns" runs what
#                     it names and nothing else, in seconds
# make rule-pages     write a page for each rule of the document to docs/rules/
# make docs           build the documents as a site, into site/
# make detection      judge every liar by every rule, and write docs/detection.md
# make mutation       change the core bit by bit and see whether its tests notice, and write docs/mutation.md
# make benchmarks     measure what judging costs, as ratios, and write benchmarks/RESULTS.md; the machine must have nothing else to do
# make sdk-versions   judge every version of the SDK that npm has, and write docs/sdk-versions.md
#
# PYTHON=python3.12 picks the interpreter (3.11 or later), ARGS="--base-url …" goes on to pytest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm

.PHONY: benchmarks detection docs mutation rule-pages check test test-lint test-types test-all sdk-versions

check: $(VENV)/.installed
	@$(BIN)/pytest --pyargs contracts $(ARGS)

ifdef ARGS
test: $(VENV)/.installed-dev node_modules/.package-lock.json
	$(BIN)/pytest tests $(ARGS)
else
test: $(VENV)/.installed-dev node_modules/.package-lock.json
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-all test-types test-lint
endif

# A third process works while others wait for servers, deadlines and browsers.
test-all:
	$(BIN)/pytest tests --numprocesses 3 --dist loadgroup

test-types:
	$(BIN)/mypy

test-lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

docs: $(VENV)/.installed-dev
	$(BIN)/zensical build --strict

rule-pages: $(VENV)/.installed
	$(BIN)/python tools/rules.py

detection: $(VENV)/.installed-dev node_modules/.package-lock.json
	$(BIN)/python tools/detection.py

mutation: $(VENV)/.installed-dev
	@$(PIP) -e '.[dev,sdk,mutation]'
	$(BIN)/python tools/mutation.py $(ARGS)

benchmarks: $(VENV)/.installed-dev node_modules/.package-lock.json
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/verdict.py
	$(BIN)/python benchmarks/volume.py
	$(BIN)/python benchmarks/sdk_rate.py

sdk-versions: $(VENV)/.installed-dev
	$(BIN)/python tools/sdk_versions.py $(ARGS)

# The SDK and its components, as pinned; Node.js may be the one that was installed into .venv.
node_modules/.package-lock.json: package-lock.json | $(VENV)/.installed-dev
	@echo "installing the Twilight SDK into node_modules"
	@$(NPM) ci --silent
	@touch $@

# Both installs are editable: a change of the code needs no new one, a change of pyproject.toml does.
# pip compiles no package that is installed so; without bytecode each run would, where none is kept.
$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV)"
	@$(PIP) -e .
	@$(BIN)/python -m compileall -q contracts
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV), with what the tests need"
	@$(PIP) -e '.[dev,sdk]'
	@$(BIN)/python -m compileall -q contracts
	@touch $(VENV)/.installed $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is missing or older than 3.11; give another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
