# gradlag: every task a reader may want, by name. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
SCALE ?= quick
JOBS ?= 2
RUNS ?= 20
FAULTS ?= --out $(OUT)/faults.json
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: help install reproduce report paper paper-latex docs docs-test test test-all test-course test-orders formal lint format bench calibrate mutants kernel-fuzz falsify fuzz faults clean

help:
	@echo "make reproduce   install into .venv, run the studies, print the path of the report (OUT=out SCALE=quick JOBS=2)"
	@echo "make install     only install into .venv   make report     the report again from the results in OUT"
	@echo "make paper       the paper, OUT/paper.pdf, from the results in OUT"
	@echo "make paper-latex the same as LaTeX, compiled where pdflatex is installed"
	@echo "make docs        the documentation, out/docs/index.html   make docs-test  its links, commands and quotations"
	@echo "make test        the test suite          make test-all   with the long tests"
	@echo "make test-course every lesson of the course, run and opened in a browser (chromium)"
	@echo "make test-orders runs of the test suite in random orders under random hash seeds (RUNS=20)"
	@echo "make formal      the theorems once more, in Coq (coqc), with statements generated from the library"
	@echo "make bench       speed, as ratios        make calibrate  error rates of the checker"
	@echo "make mutants     wrong proofs, which must be refused   make falsify   runs that try to break every bound"
	@echo "make kernel-fuzz a million rules of the kernel on random facts, each compared with its meaning"
	@echo "make fuzz        made and mutated input for every reader (FUZZ=--schedules=20000 for other sizes)"
	@echo "make faults      kills, full disks, damaged files, broken transfers: nothing is lost (FAULTS=--share=0.1); into the report"
	@echo "make lint        ruff, mypy and imports         make format     ruff format"
	@echo "make clean       remove OUT and what builds and tests leave behind"

$(VENV)/.core: pyproject.toml constraints.txt
	@echo "Installing gradlag into $(VENV) (a minute or two, once)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) --editable ".[test,dev]"
	@touch $@

install: $(VENV)/.core

reproduce: $(VENV)/.core
	$(BIN)/gradlag reproduce --scale $(SCALE) --jobs $(JOBS) --out $(OUT)

report: $(VENV)/.core
	$(BIN)/gradlag report --jobs $(JOBS) --out $(OUT)

paper: $(VENV)/.core
	$(PIP) --editable ".[paper]"
	$(BIN)/python paper/build.py $(OUT)

# With the TeX of the system, which is no dependency: a line that is too long is an error.
paper-latex: $(VENV)/.core
	$(PIP) --editable ".[paper]"
	$(BIN)/python paper/build.py $(OUT) --latex
	$(BIN)/python paper/latex.py $(OUT)

$(VENV)/.docs: $(VENV)/.core
	$(PIP) --editable ".[docs]"
	@touch $@

# A warning is an error: a page that is not in the contents, a link that leads nowhere.
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -q --fail-on-warning --keep-going -j 2 docs out/docs
	@echo "out/docs/index.html"

docs-test: $(VENV)/.dev docs
	$(PYTEST) -m docs tests/docs

# Compiled sources are kept, also where the environment says otherwise: many tests start processes of their own.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

test: $(VENV)/.dev
	$(PYTEST) -m "not long and not docs" --ignore=tests/course

test-course: $(VENV)/.dev
	$(PYTEST) tests/course

test-all: $(VENV)/.dev docs
	$(PYTEST)
	$(BIN)/python benchmarks/faults.py $(FAULTS)

formal: $(VENV)/.core
	$(BIN)/python -m formal.build

# The run's number is the seed of the order and of the hashes, so that a failure can be had again.
test-orders: $(VENV)/.dev
	for run in $$(seq $(RUNS)); do \
		PYTHONHASHSEED=$$run $(PYTEST) -m "not long and not docs" --ignore=tests/course -p randomly --randomly-seed=$$run || exit 1; \
	done

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/methods.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/worst_case.py
	$(BIN)/python benchmarks/workers.py
	$(BIN)/python benchmarks/sampling.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/compressors.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/asynchronous.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/fleet.py
	$(BIN)/python benchmarks/focus.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/influence.py
	$(BIN)/python benchmarks/replicas.py
	$(BIN)/python benchmarks/centres.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/lessons.py
	$(BIN)/python benchmarks/page.py

calibrate: $(VENV)/.core
	$(BIN)/python -m experiments.check.calibration.calibrate
	$(BIN)/python -m experiments.check.calibration.error_rates
	$(BIN)/python -m experiments.check.calibration.noise_rates

mutants: $(VENV)/.dev
	$(BIN)/python benchmarks/mutants.py

kernel-fuzz: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/kernel_fuzz.py

falsify: $(VENV)/.dev
	$(BIN)/python benchmarks/falsifier.py

fuzz: $(VENV)/.dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/fuzz.py $(FUZZ)

faults: $(VENV)/.dev
	$(BIN)/python benchmarks/faults.py $(FAULTS)

clean:
	rm -rf $(OUT) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -f formal/*.vo formal/*.vok formal/*.vos formal/*.glob formal/.*.aux formal/Assumptions.v
