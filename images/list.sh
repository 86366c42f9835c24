#!/bin/sh
# FOLDER NAME CONTEXT of each image, one a line: its name and its context are where its Dockerfile says how to build it.
set -eu
cd "$(dirname "$0")/.."

for file in images/*/Dockerfile; do
  folder=$(dirname "$file")
  image=$(sed -n \
    -e "s|^# *docker build -t \([^ ]*\) $folder\$|\1 $folder|p" \
    -e "s|^# *docker build -t \([^ ]*\) -f $file \.\$|\1 .|p" "$file")
  if [ -z "$image" ]; then
    printf 'No name in %s\n  fix:      Say "# docker build -t NAME %s" at its top, or "-f %s ." if it needs the whole checkout.\n' "$file" "$folder" "$file" >&2
    exit 1
  fi
  printf '%s %s\n' "$folder" "$image"
done
