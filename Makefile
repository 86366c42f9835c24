.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
tenantry := cli/tenantry

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: ## install what is missing: Node dependencies, Pulumi, PostgreSQL, Kafka, Connect, Debezium
	@local/prerequisites.sh
	@$(tenantry) setup

local: setup ## the whole architecture on this machine, verified: servers, `pulumi up -s local`, verify
	@$(tenantry) local up
	@$(tenantry) up -s local --yes --skip-preview
	@$(tenantry) verify -s local

test: setup ## unit tests, then integration tests on servers of their own
	@test/run.sh

check: setup ## types, lint, format, duplicates
	@test/check.sh

fmt: setup ## format and apply safe fixes
	@node_modules/.bin/biome check --write .

demo: setup ## traffic on the running local stack, with a live display
	@$(tenantry) demo

bench: setup ## throughput, latency and overhead, as ratios measured in one run
	@$(tenantry) bench

.PHONY: help setup local test check fmt demo bench
