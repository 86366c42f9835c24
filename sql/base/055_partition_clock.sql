-- The time by which partitions close and are dropped, which can't be undone. A clock that leaps ahead, as one does that a
-- virtual machine wakes up with, is doubted: nothing goes by it before it has gone on for a day. Partitions are made by
-- the server's clock all the same, as one too many harms nobody.

CREATE TABLE IF NOT EXISTS tenantry.partition_clock (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  -- The time when maintenance last looked at the clock, as the clock said.
  seen_at timestamptz NOT NULL DEFAULT now(),
  -- The last time that was believed.
  believed_at timestamptz NOT NULL DEFAULT now(),
  -- The first time behind a leap that is not believed yet.
  doubted_since timestamptz
);
INSERT INTO tenantry.partition_clock DEFAULT VALUES ON CONFLICT DO NOTHING;
GRANT SELECT ON tenantry.partition_clock TO pg_monitor;

-- Looks at the clock and returns the time that closing and dropping go by. A leap is more than two days between two
-- looks; maintenance that stood still for so long looks the same, and costs the retention a day.
CREATE OR REPLACE FUNCTION tenantry.trusted_now() RETURNS timestamptz
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  leap CONSTANT interval := '2 days';
  proof CONSTANT interval := '1 day';
  clock tenantry.partition_clock;
BEGIN
  SELECT * INTO clock FROM tenantry.partition_clock FOR UPDATE SKIP LOCKED;
  -- Another session looks right now: what was believed before it is as good.
  IF NOT FOUND THEN
    RETURN (SELECT believed_at FROM tenantry.partition_clock);
  END IF;
  IF now() <= clock.believed_at + leap THEN
    clock.doubted_since := NULL;
  ELSIF clock.doubted_since IS NULL OR now() < clock.doubted_since OR now() > clock.seen_at + leap THEN
    clock.doubted_since := now();
  ELSIF now() >= clock.doubted_since + proof THEN
    clock.doubted_since := NULL;
  END IF;
  IF clock.doubted_since IS NULL THEN
    clock.believed_at := now();
  END IF;
  UPDATE tenantry.partition_clock
  SET seen_at = now(), believed_at = clock.believed_at, doubted_since = clock.doubted_since;
  RETURN clock.believed_at;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.trusted_now() FROM PUBLIC;
