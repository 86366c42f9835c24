-- Events that were taken out of the stream, because they could not be written to Kafka: nothing reads them from here, no
-- replay sends them, and no retention drops them. Written by `tenantry events park`, emptied by `tenantry events send`.
--
-- No role of the application has a right here. The policy is for the day on which somebody grants one; the owner, whom it
-- does not bind, sees all of them.
CREATE TABLE IF NOT EXISTS :"events".parked_events (
  :"column" :type NOT NULL,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  created_us bigint NOT NULL,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  -- What Kafka or Connect said.
  reason text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  parked_by text NOT NULL,
  PRIMARY KEY (:"column", id)
);
REVOKE ALL ON :"events".parked_events FROM PUBLIC;
ALTER TABLE :"events".parked_events ENABLE ROW LEVEL SECURITY;
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_catalog.pg_policy
    WHERE polrelid = ':"events".parked_events'::pg_catalog.regclass AND polname = 'tenant_isolation'
  ) THEN
    CREATE POLICY tenant_isolation ON :"events".parked_events
      USING (:"column" = CAST(nullif(current_setting('app.tenant_id', true), '') AS :type))
      WITH CHECK (:"column" = CAST(nullif(current_setting('app.tenant_id', true), '') AS :type));
  END IF;
END
$$;
