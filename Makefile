# What this project can do, from a fresh clone. Needs Python 3.11, 3.12 or 3.13, and nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install demo live test lint bench slow fuzz mutants results clean

# The first Python that really runs, is new enough and can make environments. Another one: make install PYTHON=...
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1 \
	&& { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core
READY := $(VENV)/.ready
# Python compiles files when they are first imported, and most of what is installed never is. So it must keep them.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
DEMO := out/demo

help:  ## this list
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Then ask your own question:  $(BIN)/infowar-lab"

install: $(READY)  ## make .venv with everything in it (once; again when versions change)

$(CORE): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.13 found: make install PYTHON=/path/to/python" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -e .
	@touch $@

$(READY): $(CORE)
	$(INSTALL) -e '.[dev]'
	@touch $@

demo: $(CORE)  ## the main job with fewer people and seeds, no other assumptions: within a minute once installed
	$(BIN)/python -m experiments.suppression out=$(DEMO) population.size=800 army.size=24 campaign.targets=16 \
		precision.max_seeds=6 knockouts.seeds=4 dose.seeds=0 priors.draws=0
	@echo "smaller than the default (800 people, 6 seeds, no other assumptions): its interval is wide"
	@echo "picture: $(DEMO)/figures/headline.png"
	@echo "report:  $(DEMO)/report.html"

live: $(READY)  ## a world in your browser: play, step, reset, fork
	$(BIN)/python -m experiments.demo

# Files between them call nearly every kernel, so that one worker compiles those of worlds, the other the rest. They come
# first and alone: any other worker would compile the same again, and counting lines doubles a compiler's time.
COMPILING := $(addprefix tests/test_,conf.py ross.py simsom.py docking.py)
PYTEST := $(BIN)/python -m pytest -q

test: $(READY)  ## the fast tests, compiled; then the interpreted ones, where coverage of kernels is counted
	$(PYTEST) -n auto --dist loadfile --no-loadscope-reorder $(COMPILING)
	$(PYTEST) -n auto --dist loadfile $(COMPILING:%=--ignore=%) --cov --cov-report= --cov-fail-under=0
	NUMBA_DISABLE_JIT=1 $(PYTEST) -m interpreted --cov --cov-append --cov-report=term

slow: $(READY)  ## the tests that take minutes
	$(PYTEST) -m slow

fuzz: $(READY)  ## odd words after every app, and odd files and tables of ties: 2,000 in some minutes
	$(PYTEST) -m fuzz -n auto
	$(PYTEST) tests/test_graph_reading.py -k "read_or_refused or read_back"

mutants: $(READY)  ## are the tests any good? each mistake of tests/mutants.yaml must be noticed: half an hour
	$(BIN)/python -m tests.mutants

lint: $(READY)  ## style, layout and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

bench: $(READY)  ## speed by phase, beside two references in the same run; then a week of a million accounts
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.scale

results: $(READY)  ## play what the numbers of the docs rest on, if they would differ, and write them: an hour; goes on
	$(BIN)/python -m scripts.results

clean:  ## remove what was built or written by the project, not .venv
	rm -rf out build dist *.egg-info .coverage .coverage.* htmlcov .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find sim experiments tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
