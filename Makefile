# setup · check · test · docs, and demo, which shows inkread at work. CI calls the same words (.ci/run).

PYTHON ?= python3
VENV := .venv
DEMO_VENV := .venv-demo
BIN := $(VENV)/bin

# What the tests need from Debian beside Python. `make test` installs it where it runs as root on Debian or Ubuntu; what
# is there already, from wherever, stays as it is.
DEBIAN_PACKAGES := $(if $(shell command -v chromium),,chromium) $(if $(shell command -v npm),,nodejs npm) \
  $(if $(wildcard /usr/lib/postgresql/*/bin/initdb),,postgresql) $(if $(shell command -v redis-server),,redis-server)
BROWSER_MODULES := tests/browser/node_modules
# A process that dies, or is ended because its test stands still (pyproject.toml), is not replaced: it would do the same.
ON_ALL_CORES := --numprocesses auto --maxprocesses 4 --dist loadfile --max-worker-restart 0

.PHONY: setup check test docs demo debian-packages browser-modules venv-module

setup: $(VENV)/.ready

# torch comes first, so that nothing else chooses its version.
$(VENV)/.ready: pyproject.toml constraints.txt | venv-module
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tests run in as many processes as there are cores, each file in one, so that what its tests share is made once. The
# browser's run by themselves: Playwright keeps an event loop in its process, beside which others cannot run.
test: debian-packages setup browser-modules
	$(BIN)/python -m pytest -m browser $(ON_ALL_CORES)
	$(BIN)/python -m pytest -m "not browser" $(ON_ALL_CORES)

docs: setup
	$(BIN)/python docs/generate.py

# Installs the package alone, as a newcomer would, and reads the example pictures.
demo: | venv-module
	@echo "Installing inkread into $(DEMO_VENV) ..."
	@test -x $(DEMO_VENV)/bin/python || $(PYTHON) -m venv $(DEMO_VENV)
	@$(DEMO_VENV)/bin/python -m pip install --quiet .
	$(DEMO_VENV)/bin/inkread read examples/pictures --annotate demo-output
	@echo "The annotated pictures are in demo-output/."

debian-packages:
ifneq ($(strip $(DEBIAN_PACKAGES)),)
	@if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(DEBIAN_PACKAGES); \
	else echo "If tests fail, install what these Debian packages hold: $(DEBIAN_PACKAGES)"; fi
endif

# axe-core and TypeScript, with which the tests look at the page; nothing of them is part of inkread.
browser-modules: debian-packages
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(BROWSER_MODULES)/.ready; \
	else echo "npm is missing: the page's types and accessibility are not tested"; fi

$(BROWSER_MODULES)/.ready: tests/browser/package.json
	npm install --prefix tests/browser --no-audit --no-fund --loglevel=error
	touch $@

# Debian ships Python without what makes a virtual environment.
venv-module:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "inkread needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then apt-get update -q && apt-get install -q -y python3-venv; \
	  else echo "Python's venv module is missing; on Debian: sudo apt install python3-venv"; exit 1; fi
