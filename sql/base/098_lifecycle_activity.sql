-- When `tenantry lifecycle` last worked, for people and alerts. A row each for `run` and for `requests`.
CREATE TABLE IF NOT EXISTS tenantry.lifecycle_activity (
  activity text PRIMARY KEY CHECK (activity IN ('run', 'requests')),
  seen_at timestamptz NOT NULL DEFAULT now(),
  -- The end of the last one without an error.
  succeeded_at timestamptz,
  failures integer NOT NULL DEFAULT 0,
  -- Requests for cold rows that wait, and the time at which the oldest of them was made.
  waiting integer NOT NULL DEFAULT 0,
  oldest_at timestamptz
);
GRANT SELECT ON tenantry.lifecycle_activity TO pg_monitor;
-- It reads bounds and ages, and no row.
GRANT EXECUTE ON FUNCTION tenantry.exported_partitions() TO pg_monitor;
