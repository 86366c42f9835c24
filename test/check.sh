#!/bin/sh
# Every check that needs no servers; all of them run, so that one call shows all that is wrong.
set -u
cd "$(dirname "$0")/.." || exit 1

failed=
check() {
  name=$1
  shift
  printf '%s\n' "$name"
  "$@" || failed="$failed $name"
}

check types node_modules/.bin/tsc --noEmit --incremental --tsBuildInfoFile node_modules/.cache/tsbuildinfo
check style node_modules/.bin/biome check --error-on-warnings .
check directions node_modules/.bin/depcruise --config .dependency-cruiser.mjs --progress none .
check unused node_modules/.bin/knip --no-progress
check duplicates node_modules/.bin/jscpd --config .jscpd.json .
if command -v shellcheck >/dev/null; then
  check shell shellcheck local/setup/*.sh test/*.sh images/*.sh .github/*.sh .ci/run
fi

if [ -n "$failed" ]; then
  printf 'Failed:%s\n' "$failed" >&2
  exit 1
fi
