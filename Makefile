# make check          judge the built-in store over its socket, the mock, the Python client, and the Twilight SDK where it and a
#                     Chromium are installed; the report goes to refresh-report/
# make test           everything that proves the suite itself: lint, types, tests; it installs the SDK
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

# Four parts of the tests that take about as long as one another; those in the middle mostly wait.
LIARS := tests/provider/test_liars.py tests/consumer/test_liars.py
CLIENTS := tests/run/test_consumer_gate.py tests/consumer/test_sdk_liars.py tests/test_docs.py tests/report/test_page.py
RUNS := tests/run/test_provider_gate.py tests/run/test_own_errors.py tests/har tests/report/test_pipeline.py tests/report/test_pipeline_lint.py tests/report/test_progress.py

.PHONY: benchmarks detection docs mutation rule-pages check test test-liars test-clients test-runs test-others sdk-versions

check: $(VENV)/.installed
	@$(BIN)/pytest --pyargs contracts $(ARGS)

test: $(VENV)/.installed-dev node_modules/.package-lock.json
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@echo "running the tests in four parts at the same time; each is printed when it has ended"
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target test-liars test-clients test-runs test-others

test-liars:
	$(BIN)/pytest $(LIARS) $(ARGS)

test-clients:
	$(BIN)/pytest $(CLIENTS) $(ARGS)

test-runs:
	$(BIN)/pytest $(RUNS) $(ARGS)

test-others:
	$(BIN)/pytest $(patsubst %,--ignore=%,$(LIARS) $(CLIENTS) $(RUNS)) $(ARGS)

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
$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV), with what the tests need"
	@$(PIP) -e '.[dev,sdk]'
	@touch $(VENV)/.installed $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is missing or older than 3.11; give another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
