# Two commands do everything on a fresh machine:  make run   and   make test
SHELL := /bin/sh
BIN := .venv/bin
ROOMS := core ingest retrieval generation api ui evaluation infra
# `make lock` resolves the torch extra against torch's CPU build: say where uv finds it, as --find-links DIR or --index URL
TORCH_LINKS ?= --index https://download.pytorch.org/whl/cpu
QUESTION ?= How much notice must Bravatek or Sibannac give to terminate their strategic alliance agreement?

.PHONY: help run stop torch gpu vllm test test-torch test-vllm check bench lock docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | expand -t 14

.venv/.base: requirements/base.txt requirements/uv.txt infra/install.sh pyproject.toml
	@infra/install.sh .venv requirements/base.txt
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.base
	@infra/install.sh .venv requirements/dev.txt
	@touch $@

run: .venv/.base ## install, start everything, ingest samples/, answer a question, say where the page is
	@$(BIN)/muniment up --detach
	@$(BIN)/muniment ingest samples --collection samples
	@$(BIN)/muniment ask "$(QUESTION)" --collection samples
	@$(BIN)/muniment status

stop: ## stop everything that `make run` started
	@if [ -x $(BIN)/muniment ]; then $(BIN)/muniment down; fi

torch: .venv/.base ## add torch to .venv, for other embedding models or a GPU (CPU build; TORCH=torch==2.13.0 takes CUDA's)
	@infra/torch.sh .venv
	@infra/install.sh .venv requirements/torch.txt

gpu: .venv/.base ## put faiss-gpu in the place of faiss-cpu in .venv, for the vector store faiss; again after each upgrade
	@infra/gpu.sh .venv

test: .venv/.dev ## unit, contract, integration and acceptance tests
	@infra/browser.sh
	@$(BIN)/python -m pytest -rs -m "not torch and not vllm"

check: .venv/.dev ## format, lint, types, arrows, doctests, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest --doctest-modules $(ROOMS) --ignore=retrieval/graphs/export.py --ignore=ui/web/app.py --ignore-glob='*/__main__.py'
	@$(BIN)/python -m pytest tests/unit/test_docs.py

.venv-torch/.ready: requirements/torch.txt requirements/dev.txt infra/install.sh infra/torch.sh
	@infra/install.sh .venv-torch requirements/dev.txt
	@infra/torch.sh .venv-torch
	@infra/install.sh .venv-torch requirements/torch.txt
	@touch $@

test-torch: .venv-torch/.ready ## embedders and rerankers held to their contracts, in an environment with torch (CPU)
	@.venv-torch/bin/python -m pytest -m torch tests

.venv-vllm/.ready: requirements/vllm.txt requirements/vllm-gpu.txt infra/install.sh infra/torch.sh infra/vllm.sh
	@infra/vllm.sh .venv-vllm
	@touch $@

vllm: .venv-vllm/.ready ## install vLLM into .venv-vllm, for `muniment up --engine vllm`: the GPU's where there is one, else the CPU's

test-vllm: .venv/.dev .venv-vllm/.ready ## real vLLM (without a GPU on the CPU) held to the contract of model servers, and started by `up`
	@$(BIN)/python -m pytest -m vllm tests/contract tests/acceptance

bench: .venv/.dev ## speed and memory, as ratios taken in one run
	@$(BIN)/python -m tests.benchmarks

docs: .venv/.dev ## write the generated pages of docs/reference again
	@$(BIN)/python -m docs.generate

lock: .venv/.dev ## resolve the dependencies of pyproject.toml again into requirements/
	@$(BIN)/uv pip compile pyproject.toml --group build --universal --generate-hashes --upgrade -q --no-header -o requirements/base.txt
	@$(BIN)/uv pip compile pyproject.toml --group build --group dev --universal --generate-hashes -q --no-header -c requirements/base.txt -o requirements/dev.txt
	@$(BIN)/uv pip compile pyproject.toml --extra torch --group torch-test --generate-hashes -q --no-header -c requirements/dev.txt \
		$(TORCH_LINKS) --no-emit-package torch -o requirements/torch.txt
	@$(BIN)/uv pip compile --group pyproject.toml:vllm --generate-hashes --upgrade -q --no-header --excludes requirements/vllm.without \
		$(TORCH_LINKS) --no-emit-package torch -o requirements/vllm.txt
	@$(BIN)/uv pip compile --group pyproject.toml:vllm-gpu --generate-hashes --upgrade -q --no-header -o requirements/vllm-gpu.txt

clean: stop ## remove environments and caches; var/ (your data) stays
	rm -rf .venv .venv-torch .venv-vllm .mypy_cache .ruff_cache .pytest_cache artefacts
