# Targets of the project; `make help` lists them. Needs python3 >= 3.11 (with venv) and make, installs the rest.
.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
SCENARIO ?= treatment
SPEED ?= 0
FORM ?= long
LINES ?= 1000000
N ?= 1000
TIMES ?= 20
BUSY ?= 8

# NumPy's threads wait for each other longer than they compute: the skin's matrices are small.
export OPENBLAS_NUM_THREADS ?= 1

VENV := .venv
PY := $(VENV)/bin/python
NODE_DIR := host_tools/toolchain/node
BASE_STAMP := $(VENV)/.base
PY_STAMP := $(VENV)/.stamp
DOCS_STAMP := $(VENV)/.docs
NODE_STAMP := $(NODE_DIR)/node_modules/.stamp
HAS_NPM := command -v npm >/dev/null && node -e 'process.exitCode = parseInt(process.versions.node) < 18 ? 1 : 0' 2>/dev/null
PIP := $(PY) -m pip --disable-pip-version-check -qq
PIP_VERSION := 26.3
WITH_NODE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
PYRIGHT := $(WITH_NODE) node $(NODE_DIR)/node_modules/pyright/index.js

.PHONY: help setup demo test quick lint types mpy pytest long load coverage mutation mutants tables safety hazards hazards-live \
  hazards-sample holes reach changes check board-check fitted template rooms docs wheel uf2 bench exits wiring campaign search speed detection settings powercut sim \
  pages recording walkthrough console fuzz clean

##@ For everybody: try it

help: ## list the targets
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BASE_STAMP) $(NODE_STAMP) ## a treatment on the virtual board and patient: SCENARIO=treatment|list|all|..., SPEED=1 for real time
	@$(PY) -m host_tools.simulator.twin.demo --scenario "$(SCENARIO)" --speed "$(SPEED)"

sim: $(BASE_STAMP) $(NODE_STAMP) ## the virtual board with the application on a serial port, ./build/cryo (docs/virtual_board.md)
	@$(VENV)/bin/cryoctl sim --deploy --link build/cryo

##@ For a technician

wheel: setup ## cryoctl with firmware and boards as one file for `pipx install`: out/cryo_applicator-*.whl
	$(PIP) wheel --no-deps --no-build-isolation --check-build-dependencies --wheel-dir out .
	@ls out/cryo_applicator-*.whl

##@ For an engineer: between two edits

setup: $(PY_STAMP) $(NODE_STAMP) ## install the pinned tools into .venv and host_tools/toolchain/node

quick: lint ## a developer's loop, below a minute: lint, and the tests of core and drivers in CPython and 64-bit
	$(PY) -m pytest -q tests/firmware/core tests/portable -k "not wasm"

lint: setup ## ruff on all Python files
	$(VENV)/bin/ruff check

types: setup ## pyright: host tools against CPython, firmware and boards against MicroPython's stubs
	$(PYRIGHT) --project pyproject.toml
	$(PY) -m host_tools.toolchain.type_check
	$(PYRIGHT) --project out/pyright-firmware.json

mpy: setup ## compile every firmware and board file for every chip, print the sizes
	$(PY) -m tests.gate.mpy

coverage: setup ## branch coverage of the core by its tests in CPython: 100 %, or it fails
	$(PY) -m pytest -q tests/firmware/core tests/portable/core -k "not unix and not wasm" --cov

board-check: setup ## check the pin maps: BOARD=rp2040_pico, or all boards
	$(PY) -m host_tools.toolchain.board_check $(addprefix boards/,$(BOARD))

check: setup ## only the check that each limit, fault and blocker has a test that ran
	$(PY) -m host_tools.evidence.safety --quiet

##@ For an engineer: before a change is handed over

test: lint types pytest mutants check hazards-sample ## everything that must pass (20 minutes): lint, types, the tests in every lane, their trace to hazards

pytest: setup ## only the tests, with the core's coverage; one lane or test: .venv/bin/pytest -k "unix and name"
	$(PY) -m pytest --cov --lanes-required

mutants: setup ## a fixed sample of the mutants, one in 80: each must fail a test
	$(PY) -m tests.evidence.mutation --every 80

hazards-sample: setup ## planted flaws of one hazard row in 8, without the slow tests: each must fail a test
	$(PY) -m tests.evidence.hazards --every 8

##@ For an engineer: make what is generated (seconds)

safety: setup ## generate docs/safety/*.md and its state diagram
	$(PY) -m host_tools.evidence.safety.pages

hazards: setup ## print hazard, cause, control, limit, test; fails on a hole, as check does
	$(PY) -m host_tools.evidence.safety

console: setup ## generate docs/console.md, the parser's words and the file of remedies from their tables
	$(PY) -m host_tools.toolchain.console_page
	$(PY) -m host_tools.toolchain.remedies

settings: setup ## generate the texts of the settings, docs/settings.md and its JSON Schema from the firmware's schema
	$(PY) -m host_tools.toolchain.settings.texts
	$(PY) -m host_tools.toolchain.settings

wiring: setup ## draw boards/*/wiring.svg from the pin maps
	$(PY) -m host_tools.toolchain.board_check.wiring

docs: setup $(DOCS_STAMP) ## build the static site from the pages and follow its links: out/docs/site/index.html
	@$(PY) -m host_tools.evidence.pages.site

rooms: setup ## draw docs/rooms.svg, who imports whom, from the imports
	$(PY) -m host_tools.evidence.pages.rooms

template: setup ## draw docs/marking_template.svg, the sheet with which points are marked on the skin
	$(PY) -m host_tools.evidence.pages.marking_template

fitted: setup ## write into each board file which optional parts its bill of materials has
	$(PY) -m host_tools.toolchain.board_check.fitted

pages: setup ## look at each page of HTML in Chromium, at three sizes, in the dark, as PDF: pictures in out/pages (5 minutes)
	$(PY) -m pytest -n 0 -m "long or not long" tests/evidence/pages

recording: setup ## record the sessions of docs/virtual_board.md; needs picocom and tmux
	$(PY) -m host_tools.evidence.pages.recording

walkthrough: setup ## record docs/walkthrough.md on the virtual board; needs picocom, tmux and chromium
	$(PY) -m host_tools.evidence.pages.walkthrough

##@ For an engineer: measure on the emulated RP2040, with the image of `make uf2` (minutes)

uf2: setup ## fetch the MicroPython image of the emulated RP2040: URL=file:///... for a copy of it
	$(PY) -m host_tools.toolchain.uf2.download $(URL)

bench: setup ## measure against the goals on the emulated RP2040: out/bench.json, docs/bench.md
	$(PY) -m host_tools.evidence.bench

exits: setup ## every way out of the interpreter on the emulated RP2040: docs/exits.md
	$(PY) -m host_tools.evidence.exits

##@ For people who judge the safety: look for what is wrong (minutes to hours)

long: setup ## tests of the emulated RP2040 that `make test` leaves out: hosts, off-phase, every reset (15 minutes)
	$(PY) -m pytest -m long

load: setup ## terminal and serial tests TIMES times beside BUSY busy processes: TESTS="file ..." for a part (hours)
	$(PY) -m tests.gate.load --times $(TIMES) --busy $(BUSY) $(TESTS)

mutation: setup ## every mutant of core, limits and decoders (15 to 30 minutes): MODULE="core/bursts limits" for a part
	$(PY) -m tests.evidence.mutation $(MODULE)

hazards-live: setup ## each control of the trace disabled by a planted flaw: its tests must fail (30 minutes)
	$(PY) -m tests.evidence.hazards $(if $(ONLY),--only "$(ONLY)")

detection: setup ## provoke every fault in real MicroPython: docs/safety/detection.json, then the pages (minutes)
	$(PY) -m host_tools.evidence.safety.detection
	$(PY) -m host_tools.evidence.safety.pages

fuzz: setup ## LINES random lines at the console, 1 000 000 without it (20 minutes)
	$(PY) -m tests.firmware.console.fuzz --lines $(LINES)

holes: setup ## run the test of every known hole: out/holes.json, docs/safety/holes.md (minutes)
	$(PY) -m host_tools.evidence.safety.holes

powercut: setup ## cut the power at every flash operation of every write of the store: docs/powercut.md
	$(PY) -m host_tools.evidence.powercut

##@ For people who judge the safety: virtual patients (minutes to hours)

tables: setup ## treat every preset on the virtual patient: docs/treatment_table.md, and what the firmware holds of it (minutes)
	$(PY) -m host_tools.evidence.pages.tables

reach: setup ## how many virtual patients reach their target (N=200), and how long a whole foot takes: docs/reach.md, population.md, foot.svg (minutes)
	$(PY) -m host_tools.evidence.campaign.reach --runs $(N)

changes: setup ## how much each rule of the budget helps healthy skin to reach its target: docs/levels.md (minutes)
	$(PY) -m host_tools.evidence.campaign.changes

campaign: setup ## virtual patients with and without faults, docs/safety/campaign.md: FORM=long (an hour) or short
	if [ "$(FORM)" = long ]; then HYPOTHESIS_PROFILE=campaign $(PY) -m pytest -n 0 tests/simulator/closed_loop/test_machine.py; fi
	$(PY) -m host_tools.evidence.campaign --form $(FORM)

search: setup ## an optimiser looks for the coldest treatment under each fault, docs/safety/search.md: FORM=long (hours) or short
	$(PY) -m host_tools.evidence.search --form $(FORM)

speed: setup ## compare a campaign's speed and events with an earlier commit: out/speed.json (minutes)
	$(PY) -m host_tools.evidence.campaign.speed

##@ For everybody: begin anew

clean: ## remove everything that was installed or generated
	rm -rf $(VENV) $(NODE_DIR)/node_modules out build .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What demo, sim and cryoctl need; the tools for tests come with `setup`. Each step prints one line.
$(BASE_STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "setup: $(PYTHON) must be Python 3.11 or newer; name another with: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "setup: $(PYTHON) has no venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "setup: a Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install pip==$(PIP_VERSION)
	@echo "setup: the packages of the simulator and of cryoctl (about half a minute)"
	@if $(HAS_NPM); then extras=; else extras=[node]; fi; $(PIP) install --editable ".$$extras"
	@touch $@

$(PY_STAMP): $(BASE_STAMP)
	@echo "setup: the tools for tests and campaigns (about a minute)"
	@if $(HAS_NPM); then extras=dev,campaign; else extras=dev,campaign,node; fi; $(PIP) install --editable ".[$$extras]"
	@echo "setup: MicroPython's modules, for the type check"
	@rm -rf $(VENV)/typings
	@$(PIP) install --target $(VENV)/typings --group stubs
	@touch $@

$(DOCS_STAMP): $(PY_STAMP)
	@echo "setup: the builder of the site"
	@$(PIP) install --editable ".[docs]"
	@touch $@

$(NODE_STAMP): $(NODE_DIR)/package-lock.json | $(BASE_STAMP)
	@echo "setup: Node packages: plotly.js, pyright, and MicroPython as WebAssembly"
	@cd $(NODE_DIR) && $(WITH_NODE) npm ci --silent --no-audit --no-fund
	@touch $@
