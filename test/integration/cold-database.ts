import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Client } from "pg";
import type { Application, ColdLimits } from "../../architecture/application";
import { parseBase } from "../../architecture/data-plane/base-sql";
import { agingTablesOf } from "../../lifecycle/aging-tables";
import { runLifecycle } from "../../lifecycle/lifecycle-run";
import { requestPlacesOf } from "../../lifecycle/retrieval/cold-request";
import { serveOnce, type WorkDone } from "../../lifecycle/retrieval/retrieval-worker";
import { distributedTable } from "../../provider/resources/distributed-table";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { openStore } from "../../store/open-store";
import type { Store } from "../../store/store";
import { application, type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";

/** A database whose orders of January and February 2023 are in a store, with requests for them. */
export interface ColdDatabase extends DataPlaneDatabase {
  readonly folder: string;
  readonly store: Store;
  readonly told: string[];
  /** Checksum of the tenant's orders of a month, as they were before they became cold. */
  readonly before: ReadonlyMap<string, string>;
  /** Serves the open requests once, by a session of its own. */
  serve(store?: Store, client?: Client): Promise<WorkDone>;
  /** Runs statements as a role and tenant, and returns the last one's rows. */
  as(role: string, tenant: string, sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

export const [acme, globex] = ["a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002"];
export const january = ["2023-01-01Z", "2023-02-01Z"] as const;

const standardLimits: ColdLimits = {
  openRequests: 3,
  rowsPerDay: 10_000,
  bytesPerDay: { bytes: 2 ** 30 },
  keep: { count: 3, unit: "day" },
};

export function coldApplication(limits: Partial<ColdLimits> = {}): Application {
  return {
    ...application,
    cold: { ...standardLimits, ...limits },
    events: { ...application.events, aggregates: [{ name: "cold_request" }] },
    tables: [
      {
        ...{ kind: "tenant", schema: "ecommerce", name: "orders", file: "sql/ecommerce/060_orders.sql" },
        ...{ primaryKey: ["tenant_id", "placed_at", "order_id"], foreignKeys: [] },
        partition: {
          ...{ by: "placed_at", every: { count: 1, unit: "month" }, ahead: 1, retention: { count: 50, unit: "year" } },
          tiers: { database: { count: 1, unit: "year" } },
        },
      },
    ],
  } as unknown as Application;
}

export async function coldDatabase(t: TestContext, limits: Partial<ColdLimits> = {}): Promise<ColdDatabase> {
  const plane = await dataPlaneDatabase();
  const folder = mkdtempSync(join(tmpdir(), "tenantry-cold-"));
  t.after(async () => {
    await plane.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { admin, context } = plane;
  const app = coldApplication(limits);
  await applyRequests(admin, app);
  const own = { column: "tenant_id", type: "uuid" } as const;
  const place = (schema: string, table: string) =>
    distributedTable.create(context, {
      ...{ schema, table, column: "tenant_id", foreignKeys: [], placement: { colocateWith: "ecommerce.tenants" } },
    });
  await outbox.create(context, {
    ...own,
    ...{ colocateWith: "ecommerce.tenants", maxPayloadBytes: 8192, publication: "tenantry_outbox" },
    aggregates: ["cold_request"],
  });
  await admin.query("CREATE TABLE tenantry.outbox_all PARTITION OF tenantry.outbox DEFAULT");
  const isolate = (schema: string, table: string, grants: Parameters<typeof tenantIsolation.create>[1]["grants"]) =>
    tenantIsolation.create(context, { ...own, schema, table, grants });
  await isolate("tenantry", "outbox", { ecommerce_app: ["SELECT", "INSERT"] });
  for (const table of ["cold_request", "cold_retrieval"]) {
    await place("tenantry", table);
    const privileges = table === "cold_request" ? (["SELECT", "INSERT", "UPDATE"] as const) : (["SELECT"] as const);
    await isolate("tenantry", table, { ecommerce_app: privileges, ecommerce_agent: privileges });
  }
  await admin.query("CREATE TYPE ecommerce.kind AS ENUM ('web', 'shop')");
  await admin.query(`CREATE TABLE ecommerce.orders (
    tenant_id uuid NOT NULL, order_id int NOT NULL, placed_at timestamptz NOT NULL, total numeric(14, 3), exact numeric,
    doc jsonb, tags text[], note text, raw bytea, share float8, kind ecommerce.kind, span interval,
    PRIMARY KEY (tenant_id, placed_at, order_id)
  ) PARTITION BY RANGE (placed_at)`);
  await place("ecommerce", "orders");
  for (const month of [1, 2]) {
    await admin.query(
      `CREATE TABLE ecommerce.orders_p20230${month} PARTITION OF ecommerce.orders FOR VALUES FROM ('2023-0${month}-01Z') TO ('2023-0${month + 1}-01Z')`,
    );
  }
  await partitionSet.create(context, {
    ...{ schema: "ecommerce", table: "orders", by: "placed_at", every: { count: 1, unit: "month" }, ahead: 1 },
    ...{ retention: { count: 50, unit: "year" }, dropAfter: "export", exportAfter: { count: 1, unit: "year" } },
  });
  await isolate("ecommerce", "orders", {
    ecommerce_app: ["SELECT", "INSERT", "UPDATE", "DELETE"],
    ecommerce_agent: ["SELECT"],
  });
  await fill(admin);
  const before = new Map<string, string>();
  for (const tenant of [acme, globex]) before.set(tenant, await checksum(admin, "ecommerce.orders", tenant));
  const store = await openStore({ folder, prefix: "shop/test" });
  const told: string[] = [];
  const lifecycle = await runLifecycle({
    ...{ endpoint: plane.endpoint, store, tables: agingTablesOf(app), eventSchemas: [], log: () => {} },
    now: new Date("2026-01-01T00:00:00Z"),
  });
  if (lifecycle.failures[0]) throw lifecycle.failures[0].error;
  return {
    ...{ ...plane, folder: join(folder, "shop", "test"), store, told, before },
    serve: async (from = store, client = admin) =>
      serveOnce({ client, store: from, places: requestPlacesOf(app), tell: (line) => told.push(line) }),
    as: async (role, tenant, sql, values = []) => {
      const client = await plane.asRole(role);
      await client.query("BEGIN");
      try {
        await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
        const { rows } = await client.query(sql, [...values]);
        await client.query("COMMIT");
        return rows;
      } finally {
        await client.query("ROLLBACK");
      }
    },
  };
}

/** Applies the toolkit's SQL of the requests, for an application with cold rows. */
async function applyRequests(admin: Client, app: Application): Promise<void> {
  const name = "095_cold_requests.sql";
  const folder = join(__dirname, "..", "..", "sql", "base");
  const sources = readdirSync(folder)
    .filter((each) => each === name)
    .map((each) => ({ path: `sql/base/${each}`, text: readFileSync(join(folder, each), "utf8") }));
  for (const { statements } of parseBase(app, sources)) for (const { sql } of statements) await admin.query(sql);
}

async function fill(admin: Client): Promise<void> {
  for (const tenant of [acme, globex]) {
    await admin.query(
      `INSERT INTO ecommerce.orders
       SELECT $1, n, '2023-01-01Z'::timestamptz + n * interval '1 hour', n / 7.0, n / 3.0, jsonb_build_object('n', n, 'text', E'a "b"\\nc,\\\\'),
         ARRAY[NULL, 'NULL', '', n::text], CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'line\\n"two", \\\\N' ELSE 'é' END,
         decode(md5(n::text), 'hex'), n / 3.0::float8, (ARRAY['web', 'shop'])[1 + n % 2]::ecommerce.kind, -n * interval '1 day 02:03'
       FROM generate_series(0, 1000) AS n`,
      [tenant],
    );
  }
}

/** Sum of the hashes of a tenant's rows of January. */
export async function checksum(admin: Client, relation: string, tenant: string): Promise<string> {
  const { rows } = await admin.query<{ sum: string }>(
    `SELECT count(*) || ' ' || sum(hashtextextended(concat_ws('|', order_id, placed_at, total, exact, doc, tags, note IS NULL, note, raw, share, kind, span), 0)::numeric) AS sum
     FROM ${relation} WHERE tenant_id = $1 AND placed_at < '2023-02-01Z'`,
    [tenant],
  );
  return rows[0]?.sum ?? "";
}
