# The first call makes .venv and installs the pinned versions; later calls start at once.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format release lock clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (a few minutes, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(READY)  ## make .venv, ready for exercises and grading

demo: $(READY)  ## grade a made-up class and show the result
	@$(BIN)/autograder demo

test: $(READY)  ## run every test, with coverage
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

lint: $(READY)  ## ruff (lint and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## apply ruff's fixes and formatting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

release: $(READY)  ## rebuild exercises/ from solutions/
	$(BIN)/autograder release

lock: $(READY)  ## resolve the versions of requirements.lock anew
	echo 'torch==2.13.0' | $(BIN)/pip-compile --quiet --strip-extras --upgrade --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --unsafe-package i2dl --unsafe-package pip \
	  --extra student --extra instructor --extra dev --output-file requirements.lock pyproject.toml -
	sed -i 's/+cpu$$//' requirements.lock  # the same version, whichever build of it a machine has

clean:  ## remove .venv and everything built
	rm -rf $(VENV) build *.egg-info .course .pytest_cache .mypy_cache .ruff_cache
