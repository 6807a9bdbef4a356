# A new user needs two of these: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core
ALL := $(VENV)/.all
# Pinned: an unpinned torch is the newest CUDA build. Where a CPU build of this version is to be had, set TORCH to it.
TORCH ?= torch==2.13.0

.PHONY: venv demo test lint types bench soak notebooks docs picture clean

# everything that tests and training need
venv: $(ALL)

$(CORE): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(ALL): $(CORE)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt $(TORCH)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[train,ray,plot,spacy,docs,dev]'
	touch $@

demo: $(CORE)
	@mkdir -p demo-out
	$(BIN)/stancekit label seeds/wana-2025-02-25-araghchi-lavrov.txt --show --overwrite \
		--out demo-out/araghchi-lavrov.jsonl --html demo-out/araghchi-lavrov.html

test: $(ALL) lint types
	$(BIN)/python -m pytest

lint: $(ALL)
	$(BIN)/ruff check stancekit training tests
	$(BIN)/ruff format --check stancekit training tests

types: $(ALL)
	$(BIN)/mypy

bench: $(ALL)
	$(BIN)/python training/bench.py

docs: $(ALL)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# the README's picture, from its own first example (needs Chromium)
picture: $(ALL)
	$(BIN)/python training/picture.py docs/img/article.png

# runs the notebooks and keeps what they show (needs nbclient and ipykernel)
notebooks: $(ALL)
	$(BIN)/python -m pip install -q --disable-pip-version-check nbclient ipykernel
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb
	$(BIN)/python training/strip_notebooks.py notebooks/*.ipynb

# kills a labelling run twenty times; the output must be that of an unbroken one
soak: $(CORE)
	$(BIN)/python training/soak.py --articles 500 --kills 20
	$(BIN)/python training/soak.py --articles 500 --kills 20 --out shards --processes 2

clean:
	rm -rf $(VENV) demo-out site .pytest_cache .mypy_cache .ruff_cache
