# make demo   set up from nothing, simulate logbooks, train, evaluate, print ten recommendations (runs/demo)
# make test   set up from nothing, run the whole test suite; it builds the documentation too
# make test-slow  run the tests of several processes and of other environments, a minute each
# make docs   build the documentation into site/, its pictures and tables made anew
# make lock   write requirements.lock anew from pyproject.toml
# make clean  remove the environment and every cache (runs/ stays)

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow docs lock clean
SHELL := /bin/bash

VENV := .venv
BIN  := $(VENV)/bin
UV   := UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" $(BIN)/uv
READY := $(VENV)/.ready
# uv does not read pip's settings: PIP_FIND_LINKS is handed on, so that a machine that offers a CPU
# build of torch gets that one. PyPI's pip refuses merlin-dataloader's metadata; uv installs it.
PYTHON ?= $(shell for p in python3.11 python3.10 python3 python; do command -v $$p >/dev/null && $$p -c '' 2>/dev/null && { echo $$p; break; }; done)

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no python found; install Python 3.11"; exit 2; }
	@$(PYTHON) -c 'import sys; print("setting up $(VENV) with Python", sys.version.split()[0])'
	@rm -rf $(VENV)
	@if $(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 11))'; then \
	  $(PYTHON) -m venv $(VENV); \
	else \
	  echo "Merlin needs Python 3.10 or 3.11: uv brings 3.11"; \
	  $(PYTHON) -m venv $(VENV).uv && $(VENV).uv/bin/python -m pip install -q "uv==$(UV_VERSION)" && \
	  $(VENV).uv/bin/uv venv -q --seed --python 3.11 $(VENV); status=$$?; rm -rf $(VENV).uv; exit $$status; \
	fi
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv==$(UV_VERSION)"
# Compiled once here, also where PYTHONDONTWRITEBYTECODE is set: importing Merlin then takes 9 s instead of 26 each time.
	@$(UV) pip install -q --compile-bytecode --python $(BIN)/python -r requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@
UV_VERSION := 0.13.9

demo: $(READY)
	$(BIN)/recsys simulate --preset bc --seed 0 -o runs/demo-sends.parquet
	$(BIN)/python train.py --data runs/demo-sends.parquet --epochs 4 --learning-rate 8e-3 --output runs/demo --overwrite
	$(BIN)/recsys recommend runs/demo --climber sim-climber-0042 --grade V4:V6 --region Squamish -k 10

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo || { echo 'an import leads up: the floors are in pyproject.toml'; exit 1; }
	$(BIN)/bandit -q -r recsys workflows train.py -c pyproject.toml
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

docs: $(READY)
	$(BIN)/python docs/making/floors.py
	$(BIN)/python docs/making/tables.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Names and exact versions only, no registry address. torch's CUDA wheels are left to torch itself, so that a
# machine with a CPU build of it does not fetch them.
lock:
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install -q "uv==$(UV_VERSION)"; }
	@cp requirements.lock requirements.lock.tmp  # what is locked stays, unless UPGRADE is set
	@$(BIN)/uv pip compile -q --universal --python-version 3.10 --extra dev --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml $(if $(UPGRADE),--upgrade) -o requirements.lock.tmp
	@grep -Ev '^(nvidia-|cuda-|triton)' requirements.lock.tmp | sed -E "$(STRIP)" > requirements.lock; rm requirements.lock.tmp

# The one environment that pyproject.toml names goes without saying; what is left tells 3.10 from 3.11.
STRIP := s/ and (platform|implementation|sys)_[a-z_]* (==|!=) '[A-Za-z0-9_]*'//g; s/ ; python_full_version < '3.12'//

clean:
	rm -rf site $(VENV) $(VENV).uv .mypy_cache .ruff_cache .pytest_cache .hypothesis
