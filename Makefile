.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
tenantry := cli/tenantry
# The machine's Node.js, or the one that set-up fetches.
export PATH := $(shell local/setup/node.sh path)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: ## install what is missing: Node dependencies, Pulumi, PostgreSQL, Kafka, Connect, Debezium
	@local/setup/prerequisites.sh
	@$(tenantry) setup

local: setup ## run and verify the whole architecture on this machine: servers, `pulumi up -s local`, verify
	@$(tenantry) local up
	@$(tenantry) up -s local --yes --skip-preview
	@$(tenantry) verify -s local

test: setup ## run the unit tests, then the integration tests on separate servers
	@node --import tsx test/servers/setup.ts
	@test/run.sh

test-kills: setup ## run the tests that kill at many moments: `up`, scaling, and the servers under 10,000 transactions
	@TENANTRY_TEST_TIMEOUT_MS=3600000 TENANTRY_UP_KILLS=20 TENANTRY_KILLS=50 TENANTRY_CRASH_TRANSACTIONS=10000 \
	  TENANTRY_SCALE_KILLS=6 TENANTRY_SPLITS=20 TENANTRY_LIFECYCLE_KILLS=50 TENANTRY_CHANGE_KILLS=20 test/run.sh test/integration/lifecycle-kill.test.ts test/integration/schema-change-kills.test.ts test/integration/killed-up.test.ts test/integration/model-change.test.ts test/integration/kill.test.ts \
	  test/integration/scaling.test.ts test/integration/crash.test.ts

check: setup ## check types, lint, format, imports, unused code and duplicates
	@test/check.sh

fmt: setup ## format and apply safe fixes
	@node_modules/.bin/biome check --write .

docs: setup ## write the packages' reference from their docstrings into .tenantry/api
	@node_modules/.bin/typedoc

preview: ## compare the resources of every stack with test/golden/preview; UPDATE_GOLDEN=1 updates it
	@node --import tsx --test --test-reporter=spec test/unit/cli/preview/declared-resources.test.ts

smoke: setup ## run a stack's whole life on kind or the cluster of KUBECONFIG: faults, scaling, compared events
	@node --import tsx test/smoke/main.ts

demo: setup ## send traffic through the running local stack, with a live display
	@$(tenantry) demo

bench: setup ## measure throughput, latency and overhead as ratios in one run
	@$(tenantry) bench

.PHONY: help setup local test test-kills check fmt docs preview smoke demo bench
