# s1repro: each target sets up what it needs. RECIPE chooses the experiment, ARGS adds Hydra overrides:
#   make train RECIPE=demo ARGS='sft=lora'

RECIPE ?= demo
ARGS   ?=
PYTHON := .venv/bin/python
# Named after what it was made from, so that setup runs again when one of these files changes, and only then.
STAMP  := .venv/.setup-$(shell cat locks/cpu.txt pyproject.toml scripts/setup.sh | sha256sum | cut -c1-16)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint curate train eval sweep report eagle paper bench base

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv with what this machine can run (CPU or GPU)

$(STAMP):
	@scripts/setup.sh $@

demo: setup ## the whole method in small, on a CPU: runs/demo/report
	$(PYTHON) -m s1repro.curate   recipe=demo
	$(PYTHON) -m s1repro.train    recipe=demo
	$(PYTHON) -m s1repro.evaluate recipe=demo
	$(PYTHON) -m s1repro.evaluate recipe=demo name=demo-base checkpoint=data/demo/base \
		'method.budgets=[32,128,512]' 'method.waits=[0]'
	$(PYTHON) -m s1repro.report   recipe=demo

test: setup ## run the tests (ARGS='-m slow' for the slow ones)
	$(PYTHON) -m pytest $(ARGS)

lint: setup ## check style, format and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy --strict s1repro

curate: setup ## questions -> a curated set (section 2)
	$(PYTHON) -m s1repro.curate recipe=$(RECIPE) $(ARGS)

train: setup ## the set -> a model (section 4.1, appendix D)
	$(PYTHON) -m s1repro.train recipe=$(RECIPE) $(ARGS)

eval: setup ## the model -> answers at every budget (section 3.1)
	$(PYTHON) -m s1repro.evaluate recipe=$(RECIPE) $(ARGS)

# `eval` measures all budgets in one pass; here each budget is a run of its own.
SWEEP ?= method.budgets=[32],[64],[128]
sweep: setup ## one run for each budget: SWEEP='method.budgets=[32],[64]'
	$(PYTHON) -m s1repro.evaluate --multirun recipe=$(RECIPE) 'name=$(RECIPE)-budget$${method.budgets.0}' \
		checkpoint=runs/$(RECIPE)/train/checkpoint 'method.waits=[0]' '$(SWEEP)' $(ARGS)

report: setup ## the answers -> a curve, tables, wandb
	$(PYTHON) -m s1repro.report recipe=$(RECIPE) $(ARGS)

eagle: ## (not built yet) a draft head for speculative decoding
	@echo 'not built yet: training an EAGLE head and measuring its speed-up' >&2; exit 1

paper: ## (not built yet) the paper's own experiments
	@echo 'not built yet: the 32B experiments of the paper as one command' >&2; exit 1

bench: ## (not built yet) speed of the engines and of the one-pass sweep
	@echo 'not built yet: benchmarks of the engines and of the one-pass sweep' >&2; exit 1

base: setup ## make the demo's base model and data again
	$(PYTHON) -m s1repro.demo.base $(ARGS)
