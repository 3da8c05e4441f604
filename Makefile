# Each command sets up what it needs, in a virtual environment of its own under .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FILE   ?=
CORE   := setup.py pyproject.toml $(wildcard src/*.py csrc/*.c csrc/*.h csrc/sources.txt)

.PHONY: help demo test lint bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo [FILE=...]  upload a real file to a local server, interrupt, resume, download, compare"
	@echo "make test             build everything and run all tests"
	@echo "make lint             formatters, linters and types"
	@echo "make clean            remove all that was built"

demo: $(VENV)/demo.stamp
	@$(BIN)/cosfast demo $(FILE)

test: $(VENV)/dev.stamp
	@tools/core-tests
	@$(BIN)/python -m pytest -q

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@tools/c-format

clean:
	rm -rf $(VENV) build dist *.egg-info cosfast/*.so csrc/build

# The stamps are remade when the core or the packaging changes; Python code is used in place.
$(VENV)/demo.stamp: $(CORE)
	@tools/prepare $(PYTHON) $(VENV)
	@echo "building cosfast in $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[cli,emulator]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/demo.stamp
	@$(BIN)/python -m pip install --quiet --editable '.[cli,emulator,dev]'
	@touch $@
