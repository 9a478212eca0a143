# make run    installs the core in .venv and opens the live page
# make phone  installs also what a phone on your network needs, and opens the page to it
# make test   installs what the tests need, runs them, and says which were slowest
# make test-heavy  the tests that `make test` leaves out, and more examples for those with invariants
# make check  lint, types and the import contract; the same for the page, for which it wants npm
# make docs   builds the documentation site in build/site; ARGS=--serve shows it
# make page-runtime  puts onnxruntime-web into the package, for pages that read by themselves
# make page-types  writes the types that the page is checked by
# make bench  speed, memory and scale, as ratios within one run
# make torture  kills commands hundreds of times, fills their disk, and says what was lost
# make fuzz   a million damaged inputs for every parser; goes on where it was ended
# make lowest  the tests with the oldest versions that pyproject.toml allows, in an environment of its own
# make wheel  builds the wheel in dist/, and uses it as its users will; wants make page-runtime
# make soak   hours of the live page among bad guests; fails where memory, descriptors or threads grow
.DEFAULT_GOAL := run
.PHONY: run phone test test-heavy check docs bench torture fuzz soak lowest wheel readme-picture sample-faces page-pictures page-types page-runtime clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
NODE := node_modules/.package-lock.json
LOWEST := .venv-lowest
ARGS ?=

run: $(VENV)/core.stamp
	@$(BIN)/mien live $(ARGS)

phone: $(VENV)/lan.stamp
	@$(BIN)/mien live --lan $(ARGS)

# Where the environment forbids Python to keep what it compiled, each process would compile all anew.
test: $(VENV)/dev.stamp
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --durations=10 -m "not heavy" $(ARGS)

test-heavy: $(VENV)/dev.stamp
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --durations=10 -m "heavy or hypothesis" \
		--hypothesis-profile thorough $(ARGS)

check: $(VENV)/dev.stamp $(NODE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/biome check --error-on-warnings
	node_modules/.bin/tsc --project .

docs: $(VENV)/dev.stamp
	$(BIN)/python -m docs.site $(ARGS)

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks $(ARGS)

torture: $(VENV)/dev.stamp
	$(BIN)/python -m torture --write docs/reliability.md $(ARGS)

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m fuzz --inputs 1000000 --write docs/reliability.md $(ARGS)

soak: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks.soak $(ARGS)

wheel: $(VENV)/dev.stamp
	$(BIN)/python -m tools.wheel

lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	$(LOWEST)/bin/uv pip install --python $(LOWEST)/bin/python --resolution lowest-direct \
		--editable '.[all]' --group dev
	$(LOWEST)/bin/python -m pytest $(ARGS)

readme-picture: $(VENV)/dev.stamp
	$(BIN)/python docs/make_readme_picture.py

page-types: $(VENV)/dev.stamp
	$(BIN)/python -m tools.page_types

page-runtime: $(VENV)/dev.stamp $(NODE)
	$(BIN)/python -m tools.page_runtime

sample-faces: $(VENV)/dev.stamp
	$(BIN)/python -m tools.sample_faces

page-pictures: $(VENV)/dev.stamp
	$(BIN)/python -m docs.make_page_pictures

clean:
	rm -rf $(VENV) $(LOWEST) node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mien needs Python 3.11 or later; run: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "the venv module is missing; on Debian or Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(NODE): package.json package-lock.json
	@command -v npm >/dev/null || \
		{ echo "npm is missing, which fetches what checks the page; on Debian or Ubuntu: apt install npm"; exit 1; }
	@echo "installing what checks the page in node_modules (once)"
	@npm ci --no-fund --no-audit --ignore-scripts --loglevel error
	@touch $@

$(VENV)/core.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing mien in $(VENV) (once)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/lan.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing mien for phones in $(VENV) (once)"
	@$(PIP) --editable '.[lan]'
	@touch $@ $(VENV)/core.stamp

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing mien with its training and test tools in $(VENV) (once)"
	@$(PIP) --upgrade 'pip>=25.1'  # the first that knows dependency groups
	@$(PIP) --editable '.[all,cluster]' --group dev
	@touch $@ $(VENV)/core.stamp $(VENV)/lan.stamp
