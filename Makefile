# Every target does its own set-up: a fresh clone and Python 3.11 or newer are all it takes.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PYTEST ?=
WORKERS ?= 3
SIZING ?=
OLLAMA ?=
IMAGES ?=
TWINS ?=

SITE_READY := $(VENV)/.ready-for-site
TEST_READY := $(VENV)/.ready-for-test

# What `make test` installs contains what `make site` needs.
READY := $(if $(wildcard $(TEST_READY)),$(TEST_READY),$(SITE_READY))

.PHONY: help site test check zensical bench bench-sizing bench-ollama bench-images bench-twins lighthouse golden docs schema lock clean

help:
	@echo 'make site    build the HyperCode report into site/'
	@echo 'make test    run the tests; PYTEST="-k units" passes arguments on'
	@echo 'make check   style, types, floors, and whether generated files are current'
	@echo 'make bench   measure collecting, building and starting, as ratios'
	@echo 'make bench-sizing  try predicted memory limits on a real engine; SIZING="--quick"'
	@echo 'make bench-ollama  measure local models on real llama.cpp; OLLAMA="--quick"'
	@echo 'make bench-images  measure reading images beside docker save and dive'
	@echo 'make bench-twins  rebuild images as advised, and compare with the prediction'
	@echo 'make zensical  build our pages with Zensical as well; what it says decides nothing'
	@echo 'make lighthouse  scores of the built pages before a release (needs Node 20)'
	@echo 'make golden  write the expected pages of the tests anew'
	@echo 'make docs    write the made pages of docs/ anew'
	@echo 'make schema  write docs/schema/*.json anew from the types'
	@echo 'make lock    write requirements/*.txt anew (needs uv)'
	@echo 'make clean   remove what these targets made'

site: $(READY)
	$(RUN) -m hcreport build
	@echo "The site is in $(CURDIR)/site: open $(CURDIR)/site/index.html in a browser."

test: $(TEST_READY)
	$(RUN) -m pytest -n $(WORKERS) $(PYTEST)

check: $(TEST_READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m tests.update_schema --check
	$(RUN) -m tests.update_docs --check
	$(RUN) -m pytest -q tests/test_floors.py tests/test_docs.py

bench: $(TEST_READY)
	$(RUN) -m bench

bench-sizing: $(TEST_READY)
	$(RUN) -m bench.sizing $(SIZING)

bench-ollama: $(TEST_READY)
	$(RUN) -m bench.ollama $(OLLAMA)

bench-images: $(TEST_READY)
	$(RUN) -m bench.images $(IMAGES)

bench-twins: $(TEST_READY)
	$(RUN) -m bench.twins $(TWINS)

# Apart from everything else: it brings its own versions of what MkDocs uses.
ZENSICAL := .venv-zensical

zensical: $(READY) $(ZENSICAL)/.ready
	$(RUN) -m bench.zensical $(CURDIR)/$(ZENSICAL)/bin/zensical

$(ZENSICAL)/.ready: requirements/zensical.txt | $(VENV)/bin/python
	$(RUN) -m venv --clear $(ZENSICAL)
	$(ZENSICAL)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements/zensical.txt
	@touch $@

lighthouse: $(TEST_READY)
	$(RUN) -m bench.lighthouse

golden: $(TEST_READY)
	$(RUN) -m tests.update_golden

docs: $(TEST_READY)
	$(RUN) -m tests.update_docs

schema: $(TEST_READY)
	$(RUN) -m tests.update_schema

# The files hold names, versions and hashes for every platform, and no address.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

lock:
	$(LOCK) pyproject.toml --group site -o requirements/site.txt
	$(LOCK) pyproject.toml --group test -o requirements/test.txt
	$(LOCK) requirements/peers.in -o requirements/peers.txt
	$(LOCK) requirements/zensical.in -o requirements/zensical.txt

clean:
	rm -rf $(VENV) $(ZENSICAL) site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo 'hcreport needs Python 3.11 or newer, and there is no "$(PYTHON)". Install it, or name one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "hcreport needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(SITE_READY): requirements/site.txt pyproject.toml | $(VENV)/bin/python
	$(call install,site)

$(TEST_READY): requirements/test.txt pyproject.toml | $(VENV)/bin/python
	$(call install,test)

# Only what the lock names, then the package itself, which takes nothing more from anywhere.
define install
	$(RUN) -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements/$(1).txt
	$(RUN) -m pip install --disable-pip-version-check --quiet --no-index --no-deps --no-build-isolation --editable .
	@touch $@
endef
