#!/bin/sh
# Where Node.js is: the machine's own if it is 20.6 or newer, else one of its own that is fetched into the cache.
#
#   node.sh path    prints PATH, with the fetched one first where the machine's is missing or older
#   node.sh fetch   fetches it where it is needed; says why if it can't be had
set -eu
here=$(cd "$(dirname "$0")" && pwd)
least=20.6
node=22.23.5
npm=10.9.9

# at_least FOUND WANTED: whether version FOUND, such as 20.11.1, is WANTED, such as 20.6, or newer.
at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)" = "$2" ]
}

# The machine's own, whatever an outer call has put before it.
cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}/tenantry/node
target=$cache/$node-npm-$npm
own=$(printf '%s' "$PATH" | tr : '\n' | grep -vxF "$target/bin" | paste -sd : -)
found=$(PATH=$own node -p process.versions.node 2>/dev/null) || found=
if [ -n "$found" ] && at_least "$found" "$least"; then
  [ "$1" != path ] || printf '%s\n' "$own"
  exit 0
fi
if [ "$1" = path ]; then
  printf '%s\n' "$target/bin:$own"
  exit 0
fi
[ ! -x "$target/bin/node" ] || exit 0

fail() {
  printf 'Node.js %s or newer is needed, and could not be fetched\n  got:      %s; %s\n  fix:      Install it: https://nodejs.org, or your package manager.\n' \
    "$least" "${found:-none}" "$1" >&2
  exit 1
}

sum() { if command -v sha512sum >/dev/null; then sha512sum "$1"; else shasum -a 512 "$1"; fi | cut -d ' ' -f 1; }

# unpack PACKAGE VERSION DIRECTORY: one of npm's packages, if it is the one that is listed.
unpack() {
  file=$1-$2.tgz
  expected=$(sed -n "s/^\([0-9a-f]*\)  $file$/\1/p" "$here/node.sha512")
  [ -n "$expected" ] || fail "no checksum of $file is known"
  curl --fail --silent --show-error --location --output "$part/$file" "$registry/$1/-/$file" || fail "$registry/$1/-/$file was not to be had"
  got=$(sum "$part/$file")
  [ "$got" = "$expected" ] || fail "$file has the SHA-512 $got, not $expected"
  mkdir -p "$3"
  tar -xzf "$part/$file" -C "$3" --strip-components=1
  rm "$part/$file"
}

command -v curl >/dev/null || fail "curl is missing"
registry=$(npm config get registry 2>/dev/null) || registry=${npm_config_registry:-}
case $registry in http*://*) ;; *) fail "npm is missing, and npm_config_registry names no registry" ;; esac
registry=${registry%/}
case $(uname -s) in Linux) system=linux ;; Darwin) system=darwin ;; *) fail "$(uname -s) has none" ;; esac
case $(uname -m) in x86_64) machine=x64 ;; aarch64 | arm64) machine=arm64 ;; *) fail "$(uname -m) has none" ;; esac
printf 'Node.js: %s, fetching %s …\n' "${found:-none}" "$node" >&2
mkdir -p "$cache"
part=$(mktemp -d "$cache/part-XXXXXX")
trap 'rm -rf "$part"' EXIT
unpack "node-$system-$machine" "$node" "$part"
unpack npm "$npm" "$part/lib/node_modules/npm"
for program in npm npx; do ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$part/bin/$program"; done
chmod +x "$part"/lib/node_modules/npm/bin/*-cli.js
"$part/bin/node" --version >/dev/null || fail "what was fetched does not run here"
# Of two that fetch at once the first to finish wins.
mv -T "$part" "$target" 2>/dev/null || [ -x "$target/bin/node" ] || mv "$part" "$target"
printf 'Node.js                    %s, fetched\n' "$node" >&2
