-- Which periods the partitions of a set cover, told by their bounds, and making those that are missing. pg_partman tells
-- the next partition by the names of those that exist, and passes over a name that is taken, so that a day may get none.

-- A set of pg_partman, by the name that it has there.
CREATE OR REPLACE FUNCTION tenantry.partition_set(
  set_name text,
  OUT relation regclass, OUT is_by_time boolean, OUT every interval, OUT ahead integer, OUT name_format text,
  -- How long rows are kept at least; null: for ever.
  OUT retention interval
)
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  config jsonb;
BEGIN
  EXECUTE format('SELECT to_jsonb(config) FROM %I.part_config AS config WHERE parent_table = $1', tenantry.partman_schema())
    INTO config USING set_name;
  IF config IS NULL THEN
    RAISE EXCEPTION 'pg_partman keeps no partitions of %', set_name;
  END IF;
  relation := to_regclass(format('%I.%I', split_part(set_name, '.', 1), split_part(set_name, '.', 2)));
  IF relation IS NULL THEN
    RAISE EXCEPTION 'the table is gone, and pg_partman still keeps it: DELETE FROM %.part_config WHERE parent_table = %',
      quote_ident(tenantry.partman_schema()), quote_literal(set_name);
  END IF;
  is_by_time := config ->> 'epoch' = 'none' AND EXISTS (
    SELECT FROM pg_partitioned_table
    JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0] AND attname = config ->> 'control'
    WHERE partrelid = relation AND partstrat = 'r' AND partnatts = 1
      AND atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
  );
  IF is_by_time THEN
    every := config ->> 'partition_interval';
    ahead := config ->> 'premake';
    name_format := config ->> 'datetime_string';
    retention := coalesce(
      CAST(config ->> 'retention' AS interval),
      (SELECT guarded.retention FROM tenantry.guarded_partition_set AS guarded WHERE guarded.parent = relation)
    );
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION tenantry.partman_schema() RETURNS name
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_partman'
$$;

-- The partitions by time, each with its period. A column without a time zone is read as UTC.
CREATE OR REPLACE FUNCTION tenantry.partition_periods(relation regclass)
  RETURNS TABLE (partition regclass, period tstzrange)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  SET "DateStyle" = 'ISO'
  SET timezone = 'UTC'
AS $$
  SELECT child.oid::regclass, tstzrange(
    CAST(substring(bound FROM 'FROM \(''([^'']+)''\)') AS timestamptz),
    CAST(substring(bound FROM 'TO \(''([^'']+)''\)') AS timestamptz)
  )
  FROM pg_inherits
  JOIN pg_class AS child ON child.oid = inhrelid
  CROSS JOIN pg_get_expr(child.relpartbound, child.oid) AS bound
  WHERE inhparent = relation AND bound LIKE 'FOR VALUES FROM %' AND NOT inhdetachpending
$$;

-- The times that no partition takes rows of, as far as rows may come: from as many partitions before now as are made
-- ahead, unless the retention has passed by then or the set began later, to the end of what is made ahead, less the slack.
CREATE OR REPLACE FUNCTION tenantry.missing_periods(set_name text, slack interval DEFAULT '0') RETURNS SETOF tstzrange
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  kept CONSTANT record := tenantry.partition_set(set_name);
  begins timestamptz;
  ends timestamptz;
  covered tstzmultirange;
BEGIN
  IF NOT kept.is_by_time THEN
    RETURN;
  END IF;
  SELECT least(min(lower(period)), now()), range_agg(period) INTO begins, covered
  FROM tenantry.partition_periods(kept.relation);
  -- Intervals are compared before one is subtracted: a retention may reach beyond the first timestamp that there is.
  begins := greatest(begins, now() - least(kept.ahead * kept.every, kept.retention));
  ends := greatest(now() + kept.ahead * kept.every - slack, now());
  RETURN QUERY SELECT missing
  FROM unnest(tstzmultirange(tstzrange(begins, ends, '[]')) - coalesce(covered, '{}')) AS missing;
END
$$;

-- Makes the partitions for the missing periods, by pg_partman, and returns how many. Between two partitions one that is
-- shorter fills what they leave, such as an hour where one zone's days met another's.
CREATE OR REPLACE FUNCTION tenantry.make_partitions(set_name text) RETURNS integer
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  kept CONSTANT record := tenantry.partition_set(set_name);
  missing tstzrange;
  starts timestamptz;
  ends timestamptz;
  border timestamptz;
  made integer := 0;
BEGIN
  FOR missing IN SELECT * FROM tenantry.missing_periods(set_name) AS missing ORDER BY missing LOOP
    SELECT max(upper(period)) FILTER (WHERE upper(period) <= lower(missing)),
      min(lower(period)) FILTER (WHERE lower(period) >= upper(missing))
    INTO starts, border
    FROM tenantry.partition_periods(kept.relation);
    -- Partitions begin where the one before ends, or whole lengths from it.
    IF starts IS NULL THEN
      starts := coalesce(border, date_trunc(
        CASE
          WHEN kept.every >= '1 year' THEN 'year' WHEN kept.every >= '1 month' THEN 'month'
          WHEN kept.every >= '7 days' THEN 'week' WHEN kept.every >= '1 day' THEN 'day' ELSE 'hour'
        END, lower(missing)));
      WHILE starts > lower(missing) LOOP
        starts := starts - kept.every;
      END LOOP;
    END IF;
    WHILE starts + kept.every <= lower(missing) LOOP
      starts := starts + kept.every;
    END LOOP;
    WHILE starts < coalesce(border, 'infinity') AND starts <= upper(missing) LOOP
      ends := least(starts + kept.every, border);
      PERFORM tenantry.make_partition(set_name, starts, ends);
      made := made + 1;
      starts := ends;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.make_partitions(text) FROM PUBLIC;

-- Makes one partition under the name that pg_partman gives it; where another that starts on the same day has that, with
-- the time behind it.
CREATE OR REPLACE FUNCTION tenantry.make_partition(set_name text, starts timestamptz, ends timestamptz) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  partman CONSTANT name := tenantry.partman_schema();
  kept CONSTANT record := tenantry.partition_set(set_name);
  is_old CONSTANT boolean := (SELECT extversion LIKE '4.%' FROM pg_extension WHERE extname = 'pg_partman');
  name_format text := kept.name_format;
  is_made boolean;
BEGIN
  IF tenantry.partition_named(set_name, starts, name_format) IS NOT NULL THEN
    PERFORM tenantry.rename_partitions(set_name);
  END IF;
  IF tenantry.partition_named(set_name, starts, name_format) IS NOT NULL THEN
    name_format := 'YYYYMMDD_HH24MISS';
  END IF;
  IF tenantry.partition_named(set_name, starts, name_format) IS NOT NULL THEN
    RAISE EXCEPTION 'the partition of % for % to % cannot be made: % has its name',
      set_name, starts, ends, tenantry.partition_named(set_name, starts, name_format)
      USING HINT = 'Rename that table, or the one that is partitioned: pg_partman cuts long names.';
  END IF;
  -- pg_partman knows one length and one form of names a set: they are lent to it for this partition.
  EXECUTE format('UPDATE %I.part_config SET partition_interval = $2, datetime_string = $3 WHERE parent_table = $1', partman)
    USING set_name, (CASE WHEN ends = starts + kept.every THEN kept.every ELSE ends - starts END)::text, name_format;
  EXECUTE format('SELECT %I.create_partition_time($1, ARRAY[$2]%s)', partman, CASE WHEN is_old THEN ', false' END)
    INTO is_made USING set_name, starts;
  EXECUTE format('UPDATE %I.part_config SET partition_interval = $2, datetime_string = $3 WHERE parent_table = $1', partman)
    USING set_name, kept.every::text, kept.name_format;
  IF NOT is_made THEN
    RAISE EXCEPTION 'pg_partman made no partition of % for % to %', set_name, starts, ends;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.make_partition(text, timestamptz, timestamptz) FROM PUBLIC;

-- pg_partman's name of the partition that starts then, cut to PostgreSQL's length of names.
CREATE OR REPLACE FUNCTION tenantry.partition_name(set_name text, starts timestamptz, name_format text) RETURNS name
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  found name;
BEGIN
  EXECUTE format('SELECT %I.check_name_length($1, $2, true)', tenantry.partman_schema())
    INTO found USING split_part(set_name, '.', 2), to_char(starts, name_format);
  RETURN found;
END
$$;

-- The relation that has this name.
CREATE OR REPLACE FUNCTION tenantry.partition_named(set_name text, starts timestamptz, name_format text) RETURNS regclass
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT to_regclass(format('%I.%I', split_part(set_name, '.', 1), tenantry.partition_name(set_name, starts, name_format)))
$$;

-- Gives the partitions that pg_partman made in another time zone the names that they have in UTC: theirs may be those
-- that the next ones need, and pg_partman 4 goes by them. Rows, bounds and indexes stay.
CREATE OR REPLACE FUNCTION tenantry.rename_partitions(set_name text) RETURNS integer
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  kept CONSTANT record := tenantry.partition_set(set_name);
  misnamed record;
  aside text[] := '{}';
BEGIN
  FOR misnamed IN
    SELECT child.oid, child.oid::regclass AS partition, named.wanted
    FROM (
      SELECT partition, tenantry.partition_name(set_name, lower(period), kept.name_format) AS wanted,
        count(*) OVER (PARTITION BY tenantry.partition_name(set_name, lower(period), kept.name_format)) AS claims
      FROM tenantry.partition_periods(kept.relation) WHERE NOT lower_inf(period)
    ) AS named
    JOIN pg_class AS child ON child.oid = named.partition
    -- Those that somebody made by hand keep the names that they were given.
    WHERE child.relname <> named.wanted AND named.claims = 1
      AND regexp_replace(child.relname, '\d', '0', 'g') = regexp_replace(named.wanted, '\d', '0', 'g')
  LOOP
    EXECUTE format('ALTER TABLE %s RENAME TO %I', misnamed.partition, 'tenantry_' || misnamed.oid);
    aside := aside || ARRAY[misnamed.oid::text, misnamed.wanted::text];
  END LOOP;
  FOR i IN 1 .. coalesce(array_length(aside, 1), 0) BY 2 LOOP
    EXECUTE format('ALTER TABLE %s RENAME TO %I', aside[i]::oid::regclass, aside[i + 1]);
  END LOOP;
  RETURN coalesce(array_length(aside, 1), 0) / 2;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.rename_partitions(text) FROM PUBLIC;

-- For people, alerts and `tenantry verify`: what is wrong with a set now. Nothing where all is well. Maintenance has an hour
-- for the next partition at the end.
CREATE OR REPLACE FUNCTION tenantry.partition_faults(set_name text) RETURNS SETOF text
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET "DateStyle" = 'ISO'
AS $$
BEGIN
  RETURN QUERY SELECT format('no partition takes rows from %s to %s', lower(missing), upper(missing))
  FROM tenantry.missing_periods(set_name, '1 hour') AS missing ORDER BY missing;
  RETURN QUERY SELECT format('%s is closed, and its time has not passed', closed.partition)
  FROM tenantry.closed_too_early() AS closed
  WHERE closed.parent = (tenantry.partition_set(set_name)).relation;
EXCEPTION WHEN OTHERS THEN
  RETURN NEXT SQLERRM;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.partition_faults(text) FROM PUBLIC;
