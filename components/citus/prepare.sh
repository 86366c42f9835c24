#!/bin/bash
# Completes a cluster that Patroni started: sends Patroni its settings, waits until every node is registered, and creates
# the administrator with its password. Runs again at each change and leaves existing objects alone.
# Environment: COORDINATOR, DATABASE, GROUPS_TOTAL, PATRONI_HOSTS, DYNAMIC_CONFIG, ADMIN.
set -euo pipefail

deadline=$((SECONDS + 540))
export PGHOST=$COORDINATOR PGDATABASE=$DATABASE PGUSER=postgres PGCONNECT_TIMEOUT=5
export PGSSLMODE=verify-full PGSSLROOTCERT=/etc/tls/ca.crt PGSSLCERT=/etc/tls/tls.crt PGSSLKEY=/etc/tls/tls.key

# until_works WHAT COMMAND...: repeats the command until it succeeds. When the time is over, it reports WHAT and fails.
until_works() {
  local what=$1 last
  shift
  until last=$("$@" 2>&1); do
    if [ "$SECONDS" -gt "$deadline" ]; then
      printf 'Gave up waiting for %s: %s\n' "$what" "$last" >&2
      exit 1
    fi
    sleep 2
  done
}

patch_config() {
  curl --silent --show-error --fail --max-time 10 --cacert "$PGSSLROOTCERT" --cert "$PGSSLCERT" --key "$PGSSLKEY" \
    -X PATCH --data "$DYNAMIC_CONFIG" "https://$1:8008/config"
}

all_registered() {
  local found
  # Nodes with higher group numbers are about to leave and don't count.
  found=$(psql -XAtqc "select count(*) from pg_dist_node where noderole = 'primary' and isactive and groupid < $GROUPS_TOTAL")
  [ "$found" = "$GROUPS_TOTAL" ] || { echo "$found of $GROUPS_TOTAL nodes are registered"; return 1; }
}

for host in $PATRONI_HOSTS; do
  until_works "Patroni on $host" patch_config "$host"
done
until_works "all nodes in pg_dist_node" all_registered

# The password comes from a file, so that it is in no argument and in no log.
psql -XAtq --set ON_ERROR_STOP=1 --set admin="$ADMIN" --set monitor="${MONITOR:-}" <<'SQL'
\set password `cat /run/logins/admin`
SELECT format('CREATE ROLE %I', :'admin') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'admin') \gexec
ALTER ROLE :"admin" LOGIN SUPERUSER PASSWORD :'password';
-- Whatever the administrator makes belongs to one owner, as whom the nodes know each other by their certificate.
ALTER ROLE :"admin" SET role = 'postgres';
-- The role has no password: only the pod's own exporter logs in, through the socket.
SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT 5 IN ROLE pg_monitor', :'monitor')
  WHERE :'monitor' <> '' AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'monitor') \gexec
SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false)
  FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary' AND shouldhaveshards;
SQL
