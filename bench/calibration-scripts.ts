import { quoteIdentifier } from "../common/identifier";

/** Where the rows of made-up tenants lie while rates are measured; nothing else is touched. */
export const calibrationSchema = "tenantry_calibration";
/** By which a later run knows the schema as one of its own, and may drop it. */
export const calibrationComment = "made by tenantry bench --calibrate, and dropped by it";

const tenants = 1_000;
const rowsPerTenant = 20;

/** Tables as applications have them, isolated by row level security, for the role that is measured: statement by statement. */
export function calibrationTables(role: string): readonly string[] {
  const login = quoteIdentifier(role);
  return [
    // In one message, and so in one transaction: without its comment no later run would take the schema for its own.
    `CREATE SCHEMA ${calibrationSchema}; COMMENT ON SCHEMA ${calibrationSchema} IS '${calibrationComment}'`,
    `CREATE TABLE ${calibrationSchema}.orders (
      tenant_id uuid NOT NULL, order_id uuid NOT NULL DEFAULT gen_random_uuid(), placed_at timestamptz NOT NULL DEFAULT now(),
      currency text NOT NULL, total numeric NOT NULL, shipping_country text NOT NULL, PRIMARY KEY (tenant_id, order_id)
    )`,
    `CREATE TABLE ${calibrationSchema}.events (
      tenant_id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), event_id uuid NOT NULL DEFAULT gen_random_uuid(),
      type text NOT NULL, payload jsonb NOT NULL, PRIMARY KEY (tenant_id, created_at, event_id)
    )`,
    `CREATE FUNCTION ${calibrationSchema}.set_tenant(tenant uuid) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN EXECUTE pg_catalog.format('SET LOCAL app.tenant_id = %L', tenant); END $$`,
    ...["orders", "events"].map(
      (table) => `DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
          PERFORM create_distributed_table('${calibrationSchema}.${table}', 'tenant_id');
        END IF;
      END $$`,
    ),
    `INSERT INTO ${calibrationSchema}.orders (tenant_id, currency, total, shipping_country)
      SELECT ${tenant("tenant")}, 'EUR', 22.480, 'DE'
      FROM generate_series(1, ${tenants}) AS tenant, generate_series(1, ${rowsPerTenant})`,
    `CREATE INDEX ON ${calibrationSchema}.orders (tenant_id, placed_at)`,
    ...["orders", "events"].flatMap(isolated),
    `GRANT USAGE ON SCHEMA ${calibrationSchema} TO ${login}`,
    `GRANT SELECT, INSERT ON ${calibrationSchema}.orders, ${calibrationSchema}.events TO ${login}`,
    `ANALYZE ${calibrationSchema}.orders`,
  ];
}

function isolated(table: string): readonly string[] {
  const owns = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";
  const name = `${calibrationSchema}.${table}`;
  return [
    `CREATE POLICY own_rows ON ${name} USING (${owns}) WITH CHECK (${owns})`,
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
  ];
}

/** A tenant's id by its number, so that a script needs no look-up that would be measured too. */
function tenant(number: string): string {
  return `('00000000-0000-4000-8000-' || lpad(${number}::text, 12, '0'))::uuid`;
}

/** For pgbench: `statements` as a tenant, which is set in the round trip of BEGIN, as in `withTenant`. */
function asTenant(statements: string): string {
  return `\\set tenant random(1, ${tenants})
\\startpipeline
BEGIN;
SELECT ${calibrationSchema}.set_tenant(${tenant(":tenant")});
\\endpipeline
${statements}
COMMIT;
`;
}

/** A business row and its event. */
export const writeScript =
  asTenant(`INSERT INTO ${calibrationSchema}.orders (tenant_id, currency, total, shipping_country)
  VALUES (${tenant(":tenant")}, 'EUR', 22.480, 'DE');
INSERT INTO ${calibrationSchema}.events (tenant_id, type, payload)
  VALUES (${tenant(":tenant")}, 'OrderPlaced', jsonb_build_object('currency', 'EUR', 'total', '22.480', 'items', 2));`);

/** A page of the tenant's rows, the newest first. */
export const readScript = asTenant(`SELECT order_id, placed_at, total FROM ${calibrationSchema}.orders
  WHERE tenant_id = ${tenant(":tenant")} ORDER BY placed_at DESC LIMIT 20;`);
