# Everything runs in .venv; `make check` is what the build checks.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: check fmt test bench docs

check: .venv
	.ci/run

fmt: .venv
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

test: .venv
	$(BIN)/pytest -q -n auto

bench: .venv
	for name in store codecs rules ingest http settlement estfeed metering_data workbook feed outbox poll meters_dlms; do $(BIN)/python -m benchmarks.$$name; done

docs: .venv
	$(BIN)/gridpost draw
	$(BIN)/gridpost explain dk 2025-06-10 > docs/guide/rules-dk.md
	$(BIN)/gridpost explain ee 2026-08-01 > docs/guide/rules-ee.md
	$(BIN)/gridpost explain fi 2025-03-10 > docs/guide/rules-fi.md
	$(BIN)/gridpost explain dk 2025-06-10 --codes > docs/guide/error-codes.md
	out=$$(mktemp -d) && $(BIN)/gridpost simulate --market dk --from 2016-03-23 --days 14 --points 200 --out $$out \
		&& cp $$out/day-901-2016-03-2[378].svg docs/guide/pictures
	$(BIN)/pytest -q tests/docs

.venv:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[dev]'
