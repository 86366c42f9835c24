#!/bin/sh
# Prints what CHANGELOG.md says of a tag such as v0.1.0. Fails unless both packages have that version.
set -eu
cd "$(dirname "$0")/.."

tag=$1
version=${tag#v}
for file in package.json client/package.json; do
  found=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$file")
  if [ "$found" != "$version" ]; then
    printf '%s has another version than the tag\n  got:      %s\n  expected: %s\n  fix:      Tag the commit that raises it\n' \
      "$file" "$found" "$version" >&2
    exit 1
  fi
done
notes=$(awk -v heading="## [$version]" 'index($0, heading) == 1 { found = 1; next } /^## / { found = 0 } found' CHANGELOG.md)
if [ -z "$notes" ]; then
  printf 'CHANGELOG.md says nothing of this version\n  expected: a section `## [%s] - DATE`\n  fix:      Make it from `Unreleased`\n' "$version" >&2
  exit 1
fi
printf '%s\n' "$notes"
