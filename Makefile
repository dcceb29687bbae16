# s1repro: each target sets up what it needs. RECIPE chooses the experiment, ARGS adds Hydra overrides:
#   make train RECIPE=demo ARGS='sft=lora'

RECIPE ?= demo
ARGS   ?=
PYTHON := .venv/bin/python
# Named after what it was made from, so that setup runs again when one of these files changes, and only then.
STAMP  := .venv/.setup-$(shell cat locks/cpu.txt pyproject.toml scripts/setup.sh | sha256sum | cut -c1-16)
REWARD := runs/demo-reward/manifest.json

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint all curate train eval sweep regrade report results dashboard serve servers eagle paper bench base

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
	$(PYTHON) -m mypy --strict -p s1repro -p benchmarks
	$(PYTHON) -m mypy --strict evals/*.py

all: curate train eval report ## the four stages of a recipe: make all RECIPE=qwen2.5-0.5b

curate: setup ## questions -> a curated set (section 2)
	$(PYTHON) -m s1repro.curate recipe=$(RECIPE) $(ARGS)

train: setup ## the set -> a model (section 4.1, appendix D)
	$(PYTHON) -m s1repro.train recipe=$(RECIPE) $(ARGS)

eval: setup ## the model -> answers at every budget (section 3.1)
	$(PYTHON) -m s1repro.evaluate recipe=$(RECIPE) $(ARGS)

# What differs in seed or budgets is one curve; other runs are curves of their own (report.baselines). Another sweep takes
# another name: SWEPT.
SWEEP ?= seed=0,1,2 method.temperature=1
SWEPT ?= sweep
sweep: setup ## a multirun, then one curve with a band: SWEEP='seed=0,1,2 method.temperature=1'
	$(PYTHON) -m s1repro.evaluate --multirun recipe=$(RECIPE) 'name=$(RECIPE)-$(SWEPT)$${hydra:job.num}' \
		checkpoint=runs/$(RECIPE)/train/checkpoint $(SWEEP) $(ARGS)
	$(PYTHON) -m s1repro.report recipe=$(RECIPE) name=$(RECIPE)-$(SWEPT) "report.merge=['$(RECIPE)-$(SWEPT)[0-9]*']"

regrade: setup ## grade the answers of an evaluation again: a better grader, corrected references
	$(PYTHON) -m s1repro.evaluate.regrade recipe=$(RECIPE) $(ARGS)

report: setup ## the answers -> a curve, tables, wandb
	$(PYTHON) -m s1repro.report recipe=$(RECIPE) $(ARGS)

results: setup ## all runs as one table: runs/demo/results (ARGS='paper.results=[demo*]' for some)
	$(PYTHON) -m s1repro.paper.results recipe=$(RECIPE) $(ARGS)

dashboard: setup ## save the layout of a recipe's wandb dashboard (takes an account)
	$(PYTHON) -m s1repro.layout recipe=$(RECIPE) $(ARGS)

serve: setup ## a checkpoint behind an OpenAI-compatible endpoint with thinking budgets
	$(PYTHON) -m s1repro.serve recipe=$(RECIPE) $(ARGS)

servers: setup ## the environment of SGLang's server, for the tests marked server
	@scripts/servers.sh

# Measured one question at a time, where drafts pay most, with the head and without it.
eagle: setup ## a head that drafts for the checkpoint, and what it gives: runs/demo-eagle/report
	$(PYTHON) -m s1repro.draft    recipe=$(RECIPE) $(ARGS)
	$(PYTHON) -m s1repro.evaluate recipe=$(RECIPE) name=$(RECIPE)-alone checkpoint=runs/$(RECIPE)/train/checkpoint \
		data.limit=32 engine.max_concurrency=1 $(ARGS)
	$(PYTHON) -m s1repro.evaluate recipe=$(RECIPE) name=$(RECIPE)-eagle checkpoint=runs/$(RECIPE)/train/checkpoint \
		data.limit=32 engine.max_concurrency=1 engine/speculative=eagle3 \
		engine.speculative.model=runs/$(RECIPE)/draft/head $(ARGS)
	$(PYTHON) -m s1repro.report   recipe=$(RECIPE) name=$(RECIPE)-eagle 'report.baselines=[$(RECIPE)-alone]' $(ARGS)

$(REWARD): | setup # REBASE chooses by it
	$(PYTHON) -m s1repro.demo.reward --steps 60

# Which runs that takes, and which of them fills which row, is in conf/paper.
paper: setup $(if $(filter demo,$(RECIPE)),$(REWARD)) ## the paper's tables and figures, beside its numbers: runs/demo/paper
	$(PYTHON) -m s1repro.paper recipe=$(RECIPE) $(ARGS)

bench: demo ## speed of forcing and of the one-pass sweep, as ratios
	$(PYTHON) -m benchmarks

base: setup ## make the demo's base model and data again
	$(PYTHON) -m s1repro.demo.base $(ARGS)
