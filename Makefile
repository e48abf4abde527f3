# The two commands that a newcomer needs: make demo, make test. Both set everything up themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo-out
# Windows in tests need a display and OpenGL; a virtual one is enough.
XVFB := xvfb-run -a -s "-screen 0 1920x1080x24"

.PHONY: demo test setup setup-dev system lint types imports unit examples manifest pictures docs clean

demo: $(VENV)/.installed system
	$(BIN)/napari-cellstate demo --out $(OUT)

test: setup-dev system lint types imports manifest unit examples docs

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all]"
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all,dev,docs]"
	touch $@

system:
	sh scripts/system-packages.sh

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

manifest:
	$(BIN)/npe2 validate napari-cellstate
	sh scripts/validate-wheel.sh $(CURDIR)/$(BIN)

unit:
	$(XVFB) $(BIN)/python -m pytest -n 2 --dist loadfile

examples:
	for script in examples/*.py; do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

pictures: $(VENV)/.installed system
	$(BIN)/python scripts/make_pictures.py $(OUT)
	$(XVFB) $(BIN)/python scripts/make_window_pictures.py $(OUT)/demo.cellstate

docs:
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) $(OUT) site dist build
