#!/bin/sh
# Checks the programs that must exist before TypeScript can run, lists all missing ones at once, and installs the Node
# dependencies. `tenantry setup`, which the Makefile calls next, installs everything else.
set -u
cd "$(dirname "$0")/../.." || exit 1

missing=
miss() { missing="$missing
  - $1"; }

# at_least FOUND WANTED: succeeds if version FOUND (such as 20.11.1) is WANTED (such as 20.6) or newer.
at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)" = "$2" ]
}

has() { command -v "$1" >/dev/null 2>&1; }

java=java
[ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ] && java=$JAVA_HOME/bin/java
java_advice="\`apt-get install openjdk-17-jre-headless\`, \`brew install openjdk@17\`, or https://adoptium.net"
if has "$java" && java_version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9.]*\).*/\1/p' | head -n 1) && [ -n "$java_version" ]; then
  at_least "$java_version" 17 || miss "Java 17 or newer (found $java_version): $java_advice"
else
  miss "Java 17 or newer: $java_advice"
fi
has mvn || miss "Maven, which fetches Kafka and Debezium: \`apt-get install maven\`, \`brew install maven\`, or https://maven.apache.org"

has_postgres() {
  [ -n "${TENANTRY_PG_BIN:-}" ] && return 0
  has initdb && return 0
  for bin in /usr/lib/postgresql/1[567]/bin /usr/pgsql-1[567]/bin /opt/homebrew/opt/postgresql@1[567]/bin \
    /usr/local/opt/postgresql@1[567]/bin /home/linuxbrew/.linuxbrew/opt/postgresql@1[567]/bin; do
    [ -x "$bin/initdb" ] && return 0
  done
  return 1
}
# Set-up can install PostgreSQL with apt as root, or with a sudo that needs no password.
can_apt() { has apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }
if ! has_postgres && ! can_apt; then
  miss "PostgreSQL 15, 16 or 17 with pg_partman: \`apt-get install postgresql-15 postgresql-15-partman\` (or -16, -17), \`dnf install postgresql17-server pg_partman_17\` of https://yum.postgresql.org, or \`brew install postgresql@17\` and pg_partman from https://github.com/pgpartman/pg_partman"
fi

local/setup/node.sh fetch || miss "Node.js 20.6 or newer, as said above"
PATH=$(local/setup/node.sh path)
export PATH
has npm || miss "npm: it comes with Node.js; on Debian also \`apt-get install npm\`"

if [ -n "$missing" ]; then
  printf 'Missing, please install:%s\nThen run this again.\n' "$missing" >&2
  exit 1
fi

exec node local/setup/node-dependencies.js
