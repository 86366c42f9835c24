import type { TestContext } from "node:test";
import type { Application, WarmForm } from "../../architecture/application";
import { convertWarm, type WarmOutcome } from "../../lifecycle/warm/warm-run";
import { distributedTable } from "../../provider/resources/distributed-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { application, type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";

/** A database whose table `orders` has partitions of 2025, and rows of two tenants in January. */
export interface WarmTables extends DataPlaneDatabase {
  /** Runs the conversion as of July 2025: January to March are warm. */
  convert(compact?: WarmForm, tiers?: object): Promise<WarmOutcome>;
  readonly told: string[];
}

export const [acme, globex] = ["a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002"];

export async function warmTables(t: TestContext, { foreignKey = false } = {}): Promise<WarmTables> {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  const { admin, context } = plane;
  const place = (table: string, foreignKeys: Parameters<typeof distributedTable.create>[1]["foreignKeys"] = []) =>
    distributedTable.create(context, {
      schema: "ecommerce",
      table,
      column: "tenant_id",
      placement: { colocateWith: "ecommerce.tenants" },
      foreignKeys,
    });
  await admin.query(
    "CREATE TABLE ecommerce.customers (tenant_id uuid, customer_id uuid, PRIMARY KEY (tenant_id, customer_id))",
  );
  await place("customers");
  await admin.query(`CREATE TABLE ecommerce.orders (
    tenant_id uuid NOT NULL, order_id uuid NOT NULL DEFAULT gen_random_uuid(), placed_at timestamptz NOT NULL,
    customer_id uuid, status text NOT NULL DEFAULT 'placed', note text, PRIMARY KEY (tenant_id, placed_at, order_id)
  ) PARTITION BY RANGE (placed_at)`);
  await admin.query("CREATE INDEX orders_by_id ON ecommerce.orders (tenant_id, order_id)");
  const key = {
    name: "orders_customer_fkey",
    columns: ["tenant_id", "customer_id"],
    references: { schema: "ecommerce", table: "customers", columns: ["tenant_id", "customer_id"] },
    actions: "",
  };
  await place("orders", foreignKey ? [key] : []);
  for (const month of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await admin.query(
      `CREATE TABLE ecommerce.orders_p${month} PARTITION OF ecommerce.orders FOR VALUES FROM ('2025-0${month}-01Z') TO ('2025-0${month + 1}-01Z')`,
    );
  }
  await tenantIsolation.create(context, {
    schema: "ecommerce",
    table: "orders",
    column: "tenant_id",
    type: "uuid",
    grants: { ecommerce_app: ["SELECT", "INSERT", "UPDATE", "DELETE"], ecommerce_agent: ["SELECT"] },
  });
  await admin.query(
    `INSERT INTO ecommerce.orders (tenant_id, order_id, placed_at, note)
     SELECT CASE n % 2 WHEN 0 THEN $1::uuid ELSE $2::uuid END, md5(n::text)::uuid,
       '2025-01-01Z'::timestamptz + (n % 31) * interval '1 day', repeat('note ', n % 9)
     FROM generate_series(1, 4000) AS n`,
    [acme, globex],
  );
  await admin.query(
    `INSERT INTO ecommerce.orders (tenant_id, placed_at, note)
     SELECT $1, '2025-01-31Z', string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n`,
    [acme],
  );
  await admin.query("UPDATE ecommerce.orders SET status = 'paid'");
  const client = await plane.connect(plane.endpoint);
  const told: string[] = [];
  return {
    ...plane,
    told,
    convert: (compact = "heap", tiers = { hot: { count: 3, unit: "month" }, database: { count: 1, unit: "year" } }) =>
      convertWarm({
        client,
        application: described({ ...tiers, compact }),
        now: new Date("2025-07-01T00:00:00Z"),
        tell: (line) => told.push(line),
      }),
  };
}

function described(tiers: object): Application {
  return {
    ...application,
    tables: [
      {
        ...{ kind: "tenant", schema: "ecommerce", name: "orders", file: "sql/ecommerce/060_orders.sql" },
        ...{ primaryKey: ["tenant_id", "placed_at", "order_id"], foreignKeys: [] },
        partition: { by: "placed_at", every: { count: 1, unit: "month" }, ahead: 4, tiers },
      },
    ],
  } as Application;
}
