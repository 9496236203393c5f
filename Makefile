# Every target makes what it needs by itself; a second call is quick.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
IMAGE_VENV   ?= .venv-kaggle-image
IMAGE_PYTHON ?= python3
IMAGE_READY  := $(IMAGE_VENV)/.ready

.PHONY: help demo real test test-kaggle-image check bench bench-pull clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kitctl needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[train]' --group dev
	@touch $@

# The demo keeps a local Kaggle and a ledger of its own, new each time.
demo: export KITCTL_HOME := $(CURDIR)/.cache/demo
demo: export PATH := $(CURDIR)/$(BIN):$(PATH)
demo: $(READY)  ## the whole road on the embedded sample, without an account
	@kitctl --quiet local stop >/dev/null 2>&1 || true
	@rm -rf $(KITCTL_HOME)
	kitctl dry-run
	kitctl push --local --follow
	kitctl pull-results --local
	kitctl quota --local
	@kitctl --quiet local stop >/dev/null
	@python benchmarks/sample_baseline.py

real: $(READY)  ## real photographs and real VGG16 weights, three seeds
	@$(BIN)/python benchmarks/real.py

test: check  ## lint, types and every test that needs no second TensorFlow
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: $(READY)  ## lint and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(IMAGE_READY): pyproject.toml
	$(IMAGE_PYTHON) -m venv $(IMAGE_VENV)
	$(IMAGE_VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(IMAGE_VENV)/bin/python -m pip install --quiet 'tensorflow-cpu==2.20.*' 'keras==3.13.*' 'numpy==2.0.*' matplotlib pandas pillow
	@touch $@

test-kaggle-image: $(READY) $(IMAGE_READY)  ## the packed script on the TensorFlow and Keras of Kaggle's image
	KITCTL_KAGGLE_IMAGE_PYTHON=$(CURDIR)/$(IMAGE_VENV)/bin/python $(BIN)/python -m pytest -m kaggle_image tests/kaggle_image

bench: $(READY)  ## every ratio of the README, measured here (QUICK=1: in three minutes)
	@QUICK=$(QUICK) $(BIN)/python benchmarks/bench.py

bench-pull: $(READY)  ## pull-results beside the official client
	@$(BIN)/python benchmarks/pull.py

clean:  ## what was made here
	rm -rf $(VENV) $(IMAGE_VENV) results package
