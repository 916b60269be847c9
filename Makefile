# Needs Python 3.11 or newer, a shell and make. Everything is installed into .venv, and nowhere else.
# Another Python: make run PYTHON=python3.12. Some tests only: make test ARGS="-k engine". In one process: ARGS="-n 0".
PYTHON ?= python3
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: run test lint bench clean

run: $(VENV)/app.stamp
	$(PY) -m streamlit run app.py

# Without a browser the other tests still run; those that need it fail, and say why.
# Two workers, each with a server and a browser of its own. Who has nothing left takes over the other's last tests: each
# runs its part in order, tests of one file mostly in one worker, and both end at nearly the same time.
test: $(VENV)/dev.stamp
	@$(PY) -m tests.browser.chrome || true
	$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(VENV)/dev.stamp
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: $(VENV)/dev.stamp
	$(PY) -m benchmarks.engine
	$(PY) -m benchmarks.limits
	$(PY) -m benchmarks.rerun
	$(PY) -m benchmarks.gradients_page
	$(PY) -m benchmarks.player
	$(PY) -m benchmarks.memory
	$(PY) -m benchmarks.load --processes 2 --page compare
	$(PY) -m benchmarks.load --processes 2
	$(PY) -m benchmarks.load --arrive 100 --rounds 3

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is younger than its requirements when they are installed.
$(VENV)/app.stamp: requirements.txt | $(VENV)/made.stamp
	$(PY) -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(VENV)/made.stamp
	$(PY) -m pip install --quiet -r requirements-dev.txt
	@touch $@ $(VENV)/app.stamp

# A .venv that somebody made by hand is kept if it works.
$(VENV)/made.stamp:
	@$(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Python 3.11 or newer is needed, and $(PYTHON) is not that." \
	         "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make a virtual environment: its module ensurepip is missing." \
	         "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	  echo "Setting up $(VENV); the first time takes a few minutes."; \
	  $(PYTHON) -m venv --clear $(VENV); }
	@touch $@
