# Every target makes what it needs; a second call is quick.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
IMAGE_VENV   ?= .venv-kaggle-image
IMAGE_PYTHON ?= python3
IMAGE_READY  := $(IMAGE_VENV)/.ready

CLIENT       := .cache/kaggle-2.2.4
CLIENT_READY := $(CLIENT)/.ready

# What this Python is good for, in a sentence, before anything is installed.
define PYTHON_TRUTH
import sys
version, name = sys.version_info[:2], "Python %d.%d" % sys.version_info[:2]
if version < (3, 11):
    sys.exit(name + " is too old: kitctl needs 3.11 or newer. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)")
elif version < (3, 13):
    print(name + ": all of kitctl is tested with it.")
elif version < (3, 14):
    print(name + ": kitctl and TensorFlow run on it; continuous integration has 3.11 and 3.12.")
else:
    sys.exit(name + " has no TensorFlow yet, which this target needs: make PYTHON=python3.12 $(MAKECMDGOALS). kitctl alone installs on it, untested: pip install .")
endef
export PYTHON_TRUTH

# A virtual environment that does not start, or of another version than PYTHON=... names, is made anew.
version_of = $(shell $(1) -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null)
ifneq ($(wildcard $(VENV)),)
PRESENT := $(call version_of,$(BIN)/python)
WANTED  := $(if $(filter file,$(origin PYTHON)),$(PRESENT),$(call version_of,$(PYTHON)))
ifneq ($(or $(PRESENT),broken),$(WANTED))
CLEAR := --clear
$(shell rm -f $(READY))
endif
endif

.PHONY: help demo real paper test torture matrix test-clients test-kaggle-image check docs translations bench bench-pull bench-push clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(READY): pyproject.toml
	@$(PYTHON) -c "$$PYTHON_TRUTH"
	$(PYTHON) -m venv $(CLEAR) $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[train]' --group dev
	@touch $@

# The demo has its own local Kaggle and ledger, new each time.
demo: export KITCTL_HOME := $(CURDIR)/.cache/demo
demo: export PATH := $(CURDIR)/$(BIN):$(PATH)
demo: $(READY)  ## every step on the embedded sample, without an account
	@kitctl --quiet local stop >/dev/null 2>&1 || true
	@rm -rf $(KITCTL_HOME)
	kitctl dry-run
	kitctl push --local --follow
	kitctl pull-results --local
	kitctl quota --local
	@kitctl --quiet local stop >/dev/null
	@python benchmarks/sample_baseline.py

real: $(READY)  ## train on real photographs with real VGG16 weights: both recipes, ten seeds
	@$(BIN)/python benchmarks/real.py

paper: $(READY)  ## train on all photographs of solar cells, against published figures (an hour; goes on where it stopped)
	@$(BIN)/python benchmarks/paper.py

test: check  ## lint, types and all tests but those of test-kaggle-image
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

torture: $(READY)  ## faults by the hundred, in under 15 minutes (KITCTL_TORTURE_SEED=N repeats what chance drew)
	$(BIN)/python -m pytest -m torture --numprocesses 10 --dist worksteal tests/torture

matrix: $(READY)  ## rehearse the job with every base, stage, augmentation and precision (half an hour)
	$(BIN)/python -m pytest -m matrix tests/matrix

check: $(READY)  ## lint and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(IMAGE_READY): pyproject.toml
	$(IMAGE_PYTHON) -m venv $(IMAGE_VENV)
	$(IMAGE_VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(IMAGE_VENV)/bin/python -m pip install --quiet 'tensorflow-cpu==2.20.*' 'keras==3.13.*' 'numpy==2.0.*' matplotlib pandas pillow
	@touch $@

test-kaggle-image: $(READY) $(IMAGE_READY)  ## run the packed script on the TensorFlow and Keras of Kaggle's image
	KITCTL_KAGGLE_IMAGE_PYTHON=$(CURDIR)/$(IMAGE_VENV)/bin/python $(BIN)/python -m pytest -m kaggle_image tests/kaggle_image

$(CLIENT_READY): pyproject.toml
	$(PYTHON) -m venv $(CLIENT)
	$(CLIENT)/bin/python -m pip install --quiet 'kaggle==2.2.4' six
	@touch $@

test-clients: $(READY) $(CLIENT_READY)  ## run the tests of the official client on both of its releases
	$(BIN)/python -m pytest tests/official
	KITCTL_CLIENT_PYTHON=$(CURDIR)/$(CLIENT)/bin/python $(BIN)/python -m pytest tests/official/test_official_kernels.py tests/official/test_official_datasets.py

docs: $(READY)  ## generate docs/settings.md from the declarations of the settings
	$(BIN)/python -m kernel.settings.table > docs/settings.md

translations: $(READY)  ## compile kitctl/languages/zh/LC_MESSAGES/kitctl.po
	$(BIN)/pybabel compile --directory kitctl/languages --domain kitctl

bench: $(READY)  ## measure every ratio of the README (QUICK=1: in three minutes)
	@QUICK=$(QUICK) $(BIN)/python benchmarks/bench.py

bench-pull: $(READY)  ## compare pull-results with the newest official client
	@$(BIN)/python -m pip install --quiet --upgrade kaggle
	@$(BIN)/python benchmarks/pull.py

bench-push: $(READY)  ## compare datasets push with the newest official client
	@$(BIN)/python -m pip install --quiet --upgrade kaggle
	@$(BIN)/python benchmarks/push.py

clean:  ## remove virtual environments, results and package
	rm -rf $(VENV) $(IMAGE_VENV) results package
