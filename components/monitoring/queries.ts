import { stringify } from "yaml";

/** The meaning of each column of a query: a label, or a metric named `QUERY_COLUMN`. */
type Columns = Readonly<Record<string, { readonly label: string } | { readonly gauge: string }>>;

export interface MetricsQuery {
  readonly sql: string;
  readonly columns: Columns;
  /** Needs the catalogs of Citus. */
  readonly citus?: true;
}

/**
 * The queries that postgres_exporter runs in each pod besides its own. The role pg_monitor may run all of them. Only primaries
 * report slots, because a standby's copies show nothing about the reader.
 */
export const queries: Readonly<Record<string, MetricsQuery>> = {
  tenantry_slot: {
    sql: `SELECT slot_name, CASE WHEN active THEN 1 ELSE 0 END AS active,
  CASE WHEN wal_status IS NOT DISTINCT FROM 'lost' THEN 1 ELSE 0 END AS lost,
  coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0) AS lag_bytes,
  coalesce(pg_current_wal_lsn() - restart_lsn, 0) AS retained_bytes,
  coalesce(safe_wal_size, -1) AS left_bytes,
  coalesce(confirmed_flush_lsn - '0/0', 0) AS confirmed_bytes
FROM pg_catalog.pg_replication_slots
WHERE slot_type = 'logical' AND database = current_database() AND NOT pg_is_in_recovery()`,
    columns: {
      slot_name: { label: "The slot" },
      active: { gauge: "1 while a connector reads it" },
      lost: { gauge: "1 when PostgreSQL has removed WAL that it needed" },
      lag_bytes: { gauge: "WAL written and not confirmed by the reader" },
      retained_bytes: { gauge: "WAL that the slot keeps from being removed" },
      left_bytes: { gauge: "WAL that may still be written before the slot is lost; -1: without a limit" },
      confirmed_bytes: { gauge: "Position up to which the reader has confirmed the WAL" },
    },
  },
  tenantry_replica: {
    sql: `SELECT application_name AS replica, sync_state,
  coalesce(pg_current_wal_lsn() - replay_lsn, 0) AS lag_bytes, coalesce(extract(epoch FROM replay_lag), 0) AS lag_seconds
FROM pg_catalog.pg_stat_replication
WHERE NOT pg_is_in_recovery() AND state = 'streaming'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = pid AND s.slot_type = 'logical')`,
    columns: {
      replica: { label: "The standby's pod" },
      sync_state: { label: "sync, async, quorum or potential" },
      lag_bytes: { gauge: "WAL that the standby has not replayed" },
      lag_seconds: { gauge: "Time until the last WAL was replayed there" },
    },
  },
  tenantry_partitions: {
    sql: `SELECT n.nspname AS schema, t.relname AS "table",
  count(*) FILTER (WHERE period.starts > now() AND period.starts < upper(covered.span)) AS ahead,
  coalesce(extract(epoch FROM upper(covered.span) - now()), 0) AS ahead_seconds
FROM pg_catalog.pg_partitioned_table p
JOIN pg_catalog.pg_class t ON t.oid = p.partrelid AND NOT t.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
CROSS JOIN LATERAL (
  SELECT array_agg(bounds.starts) AS starts, range_agg(tstzrange(bounds.starts, bounds.ends)) AS spans
  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL (
    SELECT substring(bound FROM 'FROM \\(''(\\d{4}-\\d\\d-\\d\\d[^'']*)''')::timestamptz AS starts,
      substring(bound FROM 'TO \\(''(\\d{4}-\\d\\d-\\d\\d[^'']*)''')::timestamptz AS ends
    FROM pg_get_expr(c.relpartbound, c.oid) AS bound
  ) AS bounds
  WHERE i.inhparent = t.oid AND bounds.ends IS NOT NULL
) AS found
LEFT JOIN LATERAL (SELECT span FROM unnest(found.spans) AS span WHERE span @> now()) AS covered ON true
CROSS JOIN LATERAL unnest(found.starts) AS period (starts)
WHERE p.partstrat = 'r' AND NOT pg_is_in_recovery()
GROUP BY n.nspname, t.relname, covered.span`,
    columns: {
      schema: { label: "The schema" },
      table: { label: "The partitioned table" },
      ahead: { gauge: "Partitions that begin later than now, up to the first gap" },
      ahead_seconds: { gauge: "How long rows of now and later find a partition" },
    },
  },
  tenantry_partition_maintenance: {
    // Workers don't have the toolkit's tables, so the inner statement is text that names them only if they exist.
    sql: `SELECT noted.schema, noted."table", noted.failing, noted.age_seconds
FROM (SELECT CASE WHEN to_regclass('tenantry.partition_maintenance') IS NULL THEN 'SELECT WHERE false' ELSE
  'SELECT split_part(set_name, ''.'', 1) AS schema, split_part(set_name, ''.'', 2) AS "table",
    (error IS NOT NULL)::int AS failing, extract(epoch FROM now() - coalesce(succeeded_at, failed_at)) AS age_seconds
  FROM tenantry.partition_maintenance' END AS sql) AS read,
xmltable('/table/row' PASSING query_to_xml(read.sql, false, false, '') COLUMNS
  schema text, "table" text, failing integer, age_seconds numeric) AS noted
WHERE NOT pg_is_in_recovery()`,
    columns: {
      schema: { label: "The schema" },
      table: { label: "The partitioned table" },
      failing: { gauge: "1 when its last round of maintenance met an error" },
      age_seconds: { gauge: "Time since its last round without an error" },
    },
  },
  tenantry_parked: {
    // PostgreSQL's own count: the rows are nobody's to read here.
    sql: `SELECT schemaname AS schema, n_live_tup AS events
FROM pg_catalog.pg_stat_user_tables WHERE relname = 'parked_events' AND NOT pg_is_in_recovery()`,
    columns: {
      schema: { label: "The outbox's schema" },
      events: { gauge: "Events that were taken out of the stream and not sent again" },
    },
  },
  tenantry_lifecycle: {
    // Workers, and databases without the toolkit, lack the tables, so the statement is text as above.
    sql: `SELECT noted.schema, noted."table", noted.late_seconds, noted.failing
FROM (SELECT CASE WHEN to_regclass('tenantry.lifecycle_activity') IS NULL THEN 'SELECT WHERE false' ELSE
  'SELECT n.nspname AS schema, t.relname AS "table",
    coalesce((SELECT extract(epoch FROM now() - min(moves_at)) FROM tenantry.exported_partitions() AS attached
      WHERE attached.parent = ages.parent AND moves_at < now() AND NOT is_last), 0) AS late_seconds,
    (SELECT count(*) FROM tenantry.aged_partition AS aged
      WHERE aged.schema_name = n.nspname AND aged.table_name = t.relname AND aged.error IS NOT NULL) AS failing
  FROM tenantry.exported_partition_set AS ages JOIN pg_class AS t ON t.oid = ages.parent
  JOIN pg_namespace AS n ON n.oid = t.relnamespace' END AS sql) AS read,
xmltable('/table/row' PASSING query_to_xml(read.sql, false, false, '') COLUMNS
  schema text, "table" text, late_seconds numeric, failing bigint) AS noted
WHERE NOT pg_is_in_recovery()`,
    columns: {
      schema: { label: "The schema" },
      table: { label: "The table whose old rows move to the store" },
      late_seconds: { gauge: "How long ago its oldest partition should have left the database" },
      failing: { gauge: "Partitions that the last run could not move or delete" },
    },
  },
  tenantry_lifecycle_activity: {
    sql: `SELECT noted.activity, noted.age_seconds, noted.waiting, noted.waiting_seconds
FROM (SELECT CASE WHEN to_regclass('tenantry.lifecycle_activity') IS NULL THEN 'SELECT WHERE false' ELSE
  'SELECT activity, coalesce(extract(epoch FROM now() - succeeded_at), -1) AS age_seconds, waiting,
    coalesce(extract(epoch FROM now() - oldest_at), 0) AS waiting_seconds
  FROM tenantry.lifecycle_activity' END AS sql) AS read,
xmltable('/table/row' PASSING query_to_xml(read.sql, false, false, '') COLUMNS
  activity text, age_seconds numeric, waiting integer, waiting_seconds numeric) AS noted
WHERE NOT pg_is_in_recovery()`,
    columns: {
      activity: { label: "run, or requests" },
      age_seconds: { gauge: "Time since it last ended without an error; -1: it never did" },
      waiting: { gauge: "Requests for cold rows that wait" },
      waiting_seconds: { gauge: "How long the oldest of them waits" },
    },
  },
  tenantry_shards: {
    citus: true,
    sql: `SELECT n.nodename AS node, n.groupid::text AS "group", count(s.shardid) AS placements
FROM pg_catalog.pg_dist_node n
LEFT JOIN (pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_shard s ON s.shardid = p.shardid
  JOIN pg_catalog.pg_dist_partition d ON d.logicalrelid = s.logicalrelid AND d.partmethod = 'h') ON p.groupid = n.groupid
WHERE n.noderole = 'primary' AND n.shouldhaveshards AND pg_catalog.pg_is_in_recovery() IS FALSE
  AND (SELECT groupid FROM pg_catalog.pg_dist_local_group) = 0
GROUP BY n.nodename, n.groupid`,
    columns: {
      node: { label: "The node's primary" },
      group: { label: "The node's group" },
      placements: { gauge: "Shards of distributed tables that lie on it" },
    },
  },
};

/** `queries.yaml` of postgres_exporter. */
export function queriesFile(): string {
  const file = Object.entries(queries).map(([name, { sql, columns }]) => [
    name,
    {
      query: sql,
      metrics: Object.entries(columns).map(([column, is]) => ({
        [column]: "label" in is ? { usage: "LABEL", description: is.label } : { usage: "GAUGE", description: is.gauge },
      })),
    },
  ]);
  return stringify(Object.fromEntries(file), { lineWidth: 0 });
}
