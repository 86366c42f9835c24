#!/bin/sh
# FOLDER NAME of each image, one a line: its name is where its Dockerfile says how to build it.
set -eu
cd "$(dirname "$0")/.."

for file in images/*/Dockerfile; do
  folder=$(dirname "$file")
  name=$(sed -n "s|^# *docker build -t \([^ ]*\) $folder\$|\1|p" "$file")
  if [ -z "$name" ]; then
    printf 'No name in %s\n  fix:      Say "# docker build -t NAME %s" at its top.\n' "$file" "$folder" >&2
    exit 1
  fi
  printf '%s %s\n' "$folder" "$name"
done
