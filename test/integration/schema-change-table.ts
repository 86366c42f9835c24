import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { Phase } from "../../architecture/changes/phase";
import type { ColumnValue, SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { distributedTable } from "../../provider/resources/distributed-table";
import { schemaChange } from "../../provider/resources/schema-change";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";

/** A partitioned tenant table with rows of three tenants, and a schema change of it. */
export interface ChangedTable {
  readonly plane: DataPlaneDatabase;
  readonly tenants: readonly string[];
  /** The change in a phase. */
  in(phase: Phase): SchemaChangeInputs;
  /** Applies a phase, as `up` does. */
  enter(phase: Phase): Promise<void>;
  columns(): Promise<readonly string[]>;
}

/** A column whose value is an expression over `columns`. */
export function columnValue(name: string, text: string, ...columns: readonly string[]): ColumnValue {
  const over = (prefix: string) =>
    columns.reduce((sql, column) => sql.replaceAll(new RegExp(`\\b${column}\\b`, "g"), `${prefix}"${column}"`), text);
  return { name, value: `(${over("")})`, valueOfNew: `(${over("NEW.")})` };
}

/** The total of an order becomes whole cents. */
export const totalInCents: SchemaChangeInputs = {
  change: "085_total_in_cents",
  path: "sql/ecommerce/changes/085_total_in_cents.yaml",
  schema: "ecommerce",
  table: "orders",
  phase: "expand",
  key: ["tenant_id", "placed_at", "order_id"],
  tenant: { column: "tenant_id", rootSchema: "ecommerce", root: "tenants" },
  add: [{ ...columnValue("total_cents", "(total * 100)::bigint", "total"), type: "bigint", notNull: true }],
  drop: [columnValue("total", "(total_cents / 100.0)::numeric(12, 2)", "total_cents")],
  soak: lasting("1 s"),
};

/** A table with `rows` rows a tenant and partition. */
export async function changedTable(
  t: Pick<TestContext, "after">,
  change: Omit<SchemaChangeInputs, "phase"> = totalInCents,
  rows = 200,
): Promise<ChangedTable> {
  const plane = await dataPlaneDatabase([`contract ${change.change}`]);
  t.after(() => plane.close());
  const { admin, context } = plane;
  await admin.query(`CREATE TABLE ecommerce.orders (
    tenant_id uuid NOT NULL, order_id uuid NOT NULL, placed_at timestamptz NOT NULL,
    total numeric(12, 2) NOT NULL, name text, PRIMARY KEY (tenant_id, placed_at, order_id)
  ) PARTITION BY RANGE (placed_at)`);
  for (const [from, to] of [
    ["2026-01-01", "2026-02-01"],
    ["2026-02-01", "2026-03-01"],
    ["2026-03-01", "2027-01-01"],
  ]) {
    const name = from?.slice(0, 7).replace("-", "_");
    await admin.query(
      `CREATE TABLE ecommerce.orders_${name} PARTITION OF ecommerce.orders FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
  }
  await distributedTable.create(context, {
    schema: "ecommerce",
    table: "orders",
    column: "tenant_id",
    placement: { colocateWith: "ecommerce.tenants" },
    foreignKeys: [],
  });
  await tenantIsolation.create(context, {
    schema: "ecommerce",
    table: "orders",
    column: "tenant_id",
    type: "uuid",
    grants: { ecommerce_app: ["SELECT", "INSERT", "UPDATE", "DELETE"] },
  });
  await admin.query("GRANT USAGE ON SCHEMA ecommerce, tenantry TO ecommerce_app");
  const tenants = Array.from({ length: 3 }, () => randomUUID());
  for (const tenant of tenants) {
    await admin.query("INSERT INTO ecommerce.tenants VALUES ($1)", [tenant]);
    for (const month of ["2026-01-05", "2026-02-05", "2026-03-05"]) {
      await admin.query(
        `INSERT INTO ecommerce.orders SELECT $1, gen_random_uuid(), $2::timestamptz + n * interval '1 minute', n + 0.25, 'Ada ' || n
         FROM generate_series(1, $3::int) AS n`,
        [tenant, month, rows],
      );
    }
  }
  return {
    plane,
    tenants,
    in: (phase) => ({ ...change, phase }),
    async enter(phase) {
      await schemaChange.create(context, { ...change, phase });
    },
    async columns() {
      const { rows } = await admin.query<{ attname: string }>(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'ecommerce.orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
      );
      return rows.map(({ attname }) => attname);
    },
  };
}
