#!/bin/sh
# Unit tests, then integration tests on embedded servers of their own, which are stopped whatever happens.
# Arguments are test files: only these run. TENANTRY_KEEP=1 leaves the servers running for the next time.
# TENANTRY_TEST_SERVERS sets of servers serve as many integration files side by side, 2 by default.
set -u
cd "$(dirname "$0")/.." || exit 1

PATH=$(local/setup/node.sh path)
export PATH

home=.tenantry/test
homes=
results=$(mktemp -d)

# shellcheck disable=SC2317,SC2329 # The trap below calls it.
finish() {
  code=$?
  trap - EXIT INT TERM HUP
  if [ -z "${TENANTRY_KEEP:-}" ]; then for each in $homes; do cli/tenantry local down --home "$each"; done; fi
  rm -rf "$results"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# NAME CONCURRENCY FILES…: people read the tree, the sums come from the TAP file.
run_tests() {
  name=$1 concurrency=$2
  shift 2
  [ $# -gt 0 ] || return 0
  printf '\n%s tests, %d files\n' "$name" $#
  node --import tsx --import ./test/integration/claim-servers.ts --test --test-concurrency="$concurrency" \
    --test-timeout="${TENANTRY_TEST_TIMEOUT_MS:-1200000}" \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$results/$name.tap" "$@"
}

files() { find "$1" -name '*.test.ts' 2>/dev/null | sort; }

# NUMBER: brings up so many sets of servers, each in a home of its own.
start_servers() {
  for number in $(seq "$1"); do
    each=$home
    [ "$number" = 1 ] || each=$home-$number
    homes="$homes $each"
    TENANTRY_TEST_HOMES="${TENANTRY_TEST_HOMES:-}:$PWD/$each"
    if [ -z "${TENANTRY_KEEP:-}" ]; then cli/tenantry local reset --yes --home "$each" >/dev/null; fi
    cli/tenantry local up --home "$each" --postgres-port 0 --kafka-port 0 --connect-port 0 || return 1
  done
  export TENANTRY_TEST_HOMES
}

if [ $# -gt 0 ]; then
  unit=$(printf '%s\n' "$@" | grep -v test/integration/)
  integration=$(printf '%s\n' "$@" | grep test/integration/)
else
  unit=$(files test/unit)
  integration=$(files test/integration)
fi

failed=0
# shellcheck disable=SC2086 # File names of this repository hold no spaces.
run_tests unit 2 $unit || failed=1

if [ -n "$integration" ]; then
  printf '\nStarting servers for the integration tests\n'
  sets=${TENANTRY_TEST_SERVERS:-2}
  count=$(printf '%s\n' "$integration" | wc -l)
  [ "$count" -ge "$sets" ] || sets=$count
  if start_servers "$sets"; then
    # shellcheck disable=SC2086
    run_tests integration "$sets" $integration || failed=1
  else
    failed=1
  fi
fi

# One closing summary over both runs, in the lines of node's TAP reporter.
printf '\n'
for count in tests suites pass fail cancelled skipped todo; do
  sed -n "s/^# $count \([0-9]*\)$/\1/p" "$results"/*.tap 2>/dev/null | awk -v name="$count" '{ sum += $1 } END { print "# " name, sum + 0 }'
done
exit "$failed"
