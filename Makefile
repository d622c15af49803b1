# Each target makes its own environment in .venv; nothing else is needed but Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all lint bench clean

demo: .venv/ready
	mkdir -p out
	$(BIN)/augsim replay paging sample:sort --capacity 10% \
	  -p lru -p fifo -p clock -p s3fifo -p arc -p lirs -p marker \
	  -p mark0 -p flush_all_zeros -p "combiner,of=[flush_all_zeros;lru]" \
	  --predict discard:flip=0 --predict discard:flip=0.1 --predict discard:flip=0.3 --predict discard:flip=0.5 --seeds 3 \
	  --figure out/demo.png

test: .venv/ready
	$(BIN)/pytest -n 2 -m "not slow"

test-all: .venv/ready
	$(BIN)/pytest -n 2

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv out .pytest_cache .ruff_cache .mypy_cache .hypothesis

.venv/ready: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
