# Each command sets up what it needs, in a virtual environment of its own under .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FILE   ?=
# Two workers for each core (tests/conftest.py); the tests of a file stay together.
PARALLEL := --numprocesses auto --dist loadfile
CORE   := setup.py pyproject.toml $(wildcard src/*.py csrc/*.c csrc/*.h csrc/sources.txt)

.PHONY: help demo test check lint bench docs interop pictures wheels installed platforms clean
.DELETE_ON_ERROR:

help:
	@echo "make demo [FILE=...]  upload a real file to a local server, interrupt, resume, download, compare"
	@echo "make test             build everything and run all tests"
	@echo "make check            the same at length, on other machines' C targets too, and lint"
	@echo "make bench [QUICK=1]  benchmarks beside their peers; charts in benchmarks/charts; QUICK: only a check that they work"
	@echo "make interop          other people's clients against the emulator"
	@echo "make docs             the documents as a site"
	@echo "make pictures         the emulator's page as README shows it, drawn by Chromium"
	@echo "make lint             formatters, linters and types"
	@echo "make wheels           the sdist and this system's wheel in dist/, looked at as strangers will"
	@echo "make installed        the tests against that wheel; ALL=1: on every Python, with oldest and newest dependencies"
	@echo "make platforms        the tests on other machines, systems and Pythons, under emulators"
	@echo "make clean            remove all that was built"

demo: $(VENV)/demo.stamp
	@$(BIN)/cosfast demo $(FILE)

test: $(VENV)/dev.stamp
	@tools/core-tests
	@tools/each-kernel $(BIN)/python
	@$(BIN)/python -m pytest -q $(PARALLEL)

# Everything: a million cases for each C kernel, other machines, what stands on the kernels under each
# of them, faults and kills by the hundred, the documents, and the wheel on every Python.
check: lint docs $(VENV)/dev.stamp
	@make -s --no-print-directory -C csrc test test-full test-baseline
	@tools/cross-tests
	@tools/emulated-avx512
	@tools/each-kernel $(BIN)/python tests/hashing tests/parts tests/transfer tests/cosv4 tests/emulator tests/sync
	@COSFAST_SCHEDULES=1000 COSFAST_KILLS=100 COSFAST_EMULATOR_KILLS=100 COSFAST_EMULATOR_FUZZ=25000 \
		COSFAST_SYNC_KILLS=100 COSFAST_DOWNLOAD_KILLS=100 $(BIN)/python -m pytest -q $(PARALLEL)
	@tools/interop $(BIN)/python
	@$(BIN)/python tools/audit.py .cache/audit
	@tools/wheels $(BIN)/python
	@$(BIN)/python tools/installed_tests.py --all

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(BIN)/python tools/public_types.py
	@$(BIN)/zizmor --offline --quiet .github
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@tools/c-format

bench: $(VENV)/bench.stamp
	@benchmarks/run $(abspath $(BIN))/python $(if $(QUICK),--quick)

# Warnings are errors: a link that leads nowhere, a name that is gone.
docs: $(VENV)/docs.stamp
	@$(BIN)/python -m sphinx -q -W --keep-going -d build/docs/doctrees -b html docs build/docs/html
	@echo "the site is at file://$(abspath build/docs/html)/index.html"

interop: $(VENV)/dev.stamp
	@tools/interop $(BIN)/python

pictures: $(VENV)/dev.stamp
	@$(BIN)/python tools/pictures.py

wheels: $(VENV)/dev.stamp
	@tools/wheels $(BIN)/python

installed: wheels
	@$(BIN)/python tools/installed_tests.py $(if $(ALL),--all)

platforms: $(VENV)/dev.stamp
	@PYTHON=$(BIN)/python tools/platforms

clean:
	rm -rf $(VENV) build dist *.egg-info cosfast/*.so csrc/build

# The stamps are remade when the core or the packaging changes; Python code is used in place.
$(VENV)/demo.stamp: $(CORE)
	@tools/prepare $(PYTHON) $(VENV)
	@echo "building cosfast in $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[cli,emulator]'
	@touch $@

$(VENV)/bench.stamp: $(VENV)/demo.stamp
	@$(BIN)/python -m pip install --quiet --editable '.[cli,emulator,bench]'
	@touch $@

$(VENV)/docs.stamp: $(VENV)/demo.stamp
	@$(BIN)/python -m pip install --quiet --editable '.[cli,emulator,docs]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/demo.stamp
	@$(BIN)/python -m pip install --quiet --editable '.[cli,emulator,dev]'
	@touch $@
