# Every target sets up what it needs by itself; nothing outside this folder is changed except the cache of the
# control plane that the tests run against (built once, about five minutes, in ~/.cache/kfinstall-tests).

PYTHON ?= python3
BIN := .venv/bin
RUNNABLE := .venv/.runnable
INSTALLED := .venv/.installed

# Programs are started hundreds of times in the tests: what one has compiled serves the next, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help check format lint types imports test demo pictures bench sandbox-data needs schema words clean

help:           ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

# What is used is compiled when it is used first: compiling all of the clouds' libraries would take half of the time.
$(RUNNABLE): pyproject.toml
	$(PYTHON) -m venv .venv
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-compile --editable .
	@touch $@

$(INSTALLED): $(RUNNABLE)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --group dev
	@touch $@

check: format lint types imports test  ## Everything that has to pass before a change lands

format: $(INSTALLED)  ## Are all files formatted? (mend with: .venv/bin/ruff format)
	$(BIN)/ruff format --check .

lint: $(INSTALLED)  ## Static checks
	$(BIN)/ruff check .

types: $(INSTALLED)  ## Strict types
	$(BIN)/mypy

imports: $(INSTALLED)  ## Who may import whom
	$(BIN)/lint-imports

control-plane: $(INSTALLED)
	@echo "The control plane of the tests is built once; this takes about five minutes the first time."
	-$(BIN)/python -m tests.controlplane.build

# Three processes for two cores, for tests wait a third of their time; each has a control plane of its own, and a file's
# tests stay together, for they share fixtures. What fails there runs once more, by itself: a machine that was too busy is
# told from a defect, and both results are in the output.
test: control-plane  ## All tests
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations 60; code=$$?; [ $$code = 1 ] || exit $$code; \
	echo "What failed beside other tests runs once more, by itself:"; \
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

demo: $(RUNNABLE)  ## Install a workbench into a practice cluster, and look at it
	$(BIN)/python -m tests.e2e.demo

bench: control-plane  ## Compare with kubectl, a naive parallel client and an empty interface
	$(BIN)/python -m tests.bench.apply
	$(BIN)/python -m tests.bench.sandbox
	$(BIN)/python -m tests.bench.doctor
	$(BIN)/python -m tests.bench.screens

pictures: $(INSTALLED)  ## Take the README's pictures anew, the words of the demo, and the screens that tests compare
	$(BIN)/python -m tests.tui.gallery

sandbox-data: control-plane  ## Ask a real API server anew for what the practice cluster knows of Kubernetes
	$(BIN)/python -m tests.sandbox.record
	$(BIN)/python -m tests.sandbox.record_protobuf

needs: $(INSTALLED)  ## Work out anew what the parts of the presets take, from the releases' archives
	$(BIN)/python -m tests.golden.needs

schema: $(INSTALLED)  ## Write the JSON Schemas of the Install document and of scenarios anew
	$(BIN)/python -m kfinstall --lang en config schema > configs/schema/v1alpha1.json
	$(BIN)/python -m kfinstall --lang en sandbox schema > configs/schema/scenario.json

words: $(INSTALLED)  ## Collect the texts that people read into the catalogues of translations, and compile these
	$(BIN)/python -m tests.words.catalogue

clean:          ## Remove what the targets made in this folder
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
