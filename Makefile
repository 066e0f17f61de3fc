# The commands of README and CONTRIBUTING by short names. `make` lists them.
.PHONY: help install run test lint lint-js bench ci

help:  ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

install:  ## what the tests need
	pip install -r requirements-dev.txt

run:  ## the app, at http://127.0.0.1:7860
	python app.py

test:  ## all tests
	pytest -n 2 --dist loadfile

lint: lint-js  ## style, types, direction of imports, scripts of the page
	ruff check .
	ruff format --check .
	mypy
	lint-imports

lint-js:  ## the scripts of the page (needs Node.js)
	npx --yes @biomejs/biome@2.6.8 lint --error-on-warnings

bench:  ## a keystroke, a review and a thousand, against fastai's own functions
	python benchmarks/classification.py

ci:  ## all of it from a clean checkout, as the build does
	.ci/run
