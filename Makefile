.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo up down test test-unit lint security protos topics-page chart malformed fuzz simulate chaos test-k8s test-upgrade test-vault circle bench bench-gpu clean

# Where a platform keeps everything, and the first of its ports: make up PORT_BASE=28000
HOME_FOLDER ?= .casepath
PORT_BASE ?= 18000
KEEP ?=
RUN := .venv/bin
PLATFORM := --home $(HOME_FOLDER) --port-base $(PORT_BASE)
UV := $(or $(shell command -v uv),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/casepath/uv/bin/uv)
# A worker for each core: one has the platform, and the others what needs none.
AT_ONCE := --numprocesses logical --dist loadscope --no-loadscope-reorder
SOURCES := $(wildcard services/*/src/*)

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: ## Install all that is needed, into .venv and the user's cache folder
	@services/embedded/setup.sh

setup-test:
	@services/embedded/setup.sh test

demo: setup ## One patient, one slide, one sequencing, end to end (KEEP=1 leaves it running)
	@$(RUN)/casepath demo $(PLATFORM) $(if $(KEEP),--keep)

up: setup ## Start the platform and leave it running (PORT_BASE=N for other ports)
	@$(RUN)/casepath up $(PLATFORM)

down: ## Stop the platform that `make up` started
	@$(RUN)/casepath down --home $(HOME_FOLDER)

test: setup-test lint ## Lint, types and every test, on real Kafka, Orthanc and HAPI FHIR
	@$(RUN)/python -m pytest $(AT_ONCE)

test-unit: setup-test ## The tests that need no server
	@$(RUN)/python -m pytest $(AT_ONCE) tests/malformed tests/simulation tests/chart tests/stages tests/contract tests/unit

lint: setup ## Style, types and contracts
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check --quiet .
	@$(RUN)/mypy $(SOURCES) tests protos/generate.py charts/generate.py
	@$(RUN)/buf lint protos
	@$(RUN)/buf format --exit-code --diff protos
	@$(RUN)/buf breaking protos --against protos/release.binpb

security: setup-test ## Secrets, bandit's rules, checkov on the chart, schemathesis on every way in over HTTP, a bill of materials (sbom.cdx.json), and known vulnerabilities of what is in it
	@$(RUN)/ruff check services
	@$(RUN)/python -m pytest -q tests/contract/test_secrets.py tests/contract/test_security_claims.py tests/chart/test_checkov.py tests/e2e/test_unexpected_requests.py
	@$(UV) tool run --from 'cyclonedx-bom>=7' cyclonedx-py environment .venv --pyproject pyproject.toml --of JSON -o sbom.cdx.json
	@$(UV) export --frozen --all-packages --no-emit-workspace --no-hashes -q -o .venv/requirements.txt
	@$(UV) tool run 'pip-audit>=2.10' --strict --disable-pip --no-deps -r .venv/requirements.txt

protos: setup ## Generate the contracts anew from protos/
	@$(RUN)/buf format --write protos
	@$(RUN)/python protos/generate.py

topics-page: setup-test ## Every topic as a page that opens without a network (build/topics.html), for those who publish and consume
	@cd tests && ../$(RUN)/python -m topics_page ../build/topics.html

chart: setup-test ## Generate what the chart has from elsewhere, and check it: helm, Kubernetes' and the operators' own definitions
	@$(RUN)/python charts/generate.py
	@$(RUN)/python -m pytest -q tests/chart

simulate: setup-test ## A hospital in which everything goes wrong, by as many seeds as SEEDS says (100000)
	@cd tests && ../$(RUN)/python -m simulation --seeds $(or $(SEEDS),100000)

chaos: setup-test ## Visits of patients while programs are killed and worse, as many as TRIALS says (100), on a platform of their own (as root)
	@cd tests && ../$(RUN)/python -m chaos --trials $(or $(TRIALS),100)

malformed: setup-test ## Malformed inputs at every door, as many of each kind as ROUNDS says (1000), and what became of them
	@cd tests && ../$(RUN)/python -m malformed --rounds $(or $(ROUNDS),1000)

fuzz: setup-test ## At the same doors inputs that coverage leads to, for as long as SECONDS says (60) at each
	@cd tests && ../$(RUN)/python -m malformed.guided --seconds $(or $(SECONDS),60)

test-k8s: setup-test ## The chart on a real API server, scaled up and down by the lag of a real broker (builds Kubernetes, once)
	@$(RUN)/python -m pytest tests/kubernetes

test-upgrade: setup-test ## From an older version (UPGRADE_FROM=COMMIT; half a day's) to this one and back, while a hospital sends
	@$(RUN)/python -m pytest tests/upgrade

test-vault: setup-test ## Keys of cases and patients in a real Vault (builds it, once)
	@$(RUN)/python -m pytest tests/vault

circle: setup-test ## What pathologists say of a model's findings, back into care as the next model, twice around (minutes)
	@$(RUN)/python -m pytest tests/circle -s

bench: setup ## Measure; docs/benchmarks.md says how to read it
	@$(RUN)/python -m pytest tests/bench -p no:cacheprovider -s

bench-gpu: setup ## Measure serving on a GPU, with casepath-inference[gpu] in place of [cpu]; refuses where there is none
	@BENCH_DEVICE=gpu $(RUN)/python -m pytest tests/bench/test_serving.py::test_serving -p no:cacheprovider -s

clean: ## Remove what the project made here; the user's cache folder is kept
	@rm -rf .venv .casepath .mypy_cache .pytest_cache .ruff_cache
