import type { TestContext } from "node:test";
import { type Client, Pool } from "pg";
import { claimTables } from "../../architecture/data-plane/claim-tables";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { distributedTable } from "../../provider/resources/distributed-table";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { processedEvents } from "../../provider/resources/processed-events";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { lasting } from "../unit/lasting";
import { dataPlaneDatabase } from "./data-plane-database";

export interface ClientDatabase {
  /** Opens a pool of this many connections as the application's role. */
  pool(max: number): Pool;
  readonly admin: Client;
  /** The endpoint with the login of the application's role. */
  readonly endpoint: PostgresEndpoint;
  events(tenant: string): Promise<readonly object[]>;
}

const tenancy = { column: "tenant_id", type: "uuid" } as const;
const placed = { ...tenancy, colocateWith: "ecommerce.tenants" } as const;
const readAndAdd = { ecommerce_app: ["SELECT", "INSERT"] } as const;
const days = {
  by: "created_at",
  every: lasting("1 day"),
  ahead: 2,
  retention: lasting("3 days"),
  dropAfter: "slots",
} as const;

/** A database with the outbox, the processed events, and a few tables of a shop. Dropped after the test. */
export async function clientDatabase(t: TestContext): Promise<ClientDatabase> {
  const plane = await dataPlaneDatabase();
  const pools: Pool[] = [];
  t.after(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await plane.close();
  });
  const { context, admin, endpoint } = plane;
  await outbox.create(context, { ...placed, maxPayloadBytes: 8192, publication: "tenantry_outbox" });
  await partitionSet.create(context, { schema: "tenantry", table: "outbox", ...days });
  await processedEvents.create(context, { ...placed, retention: lasting("28 days") });
  for (const table of claimTables) {
    const placement = { colocateWith: placed.colocateWith };
    await distributedTable.create(context, {
      schema: "tenantry",
      table,
      column: "tenant_id",
      placement,
      foreignKeys: [],
    });
  }
  for (const table of ["outbox", "processed_events", ...claimTables]) {
    await tenantIsolation.create(context, { schema: "tenantry", table, ...tenancy, grants: readAndAdd });
  }
  await admin.query(shop);
  for (const table of ["notes", "remarks", "counters"]) {
    const grants = { ecommerce_app: ["SELECT", "INSERT", "UPDATE", "DELETE"] } as const;
    await tenantIsolation.create(context, { schema: "shop", table, ...tenancy, grants });
  }
  const asApp = { ...endpoint, ...endpoint.roles.app };
  return {
    endpoint: asApp,
    pool(max) {
      const pool = new Pool({ ...clientConfig(asApp), max });
      pools.push(pool);
      return pool;
    },
    admin,
    events: async (tenant) => {
      const sql = "SELECT id, type, aggregate_id, payload FROM tenantry.outbox WHERE tenant_id = $1";
      return (await admin.query<object>(sql, [tenant])).rows;
    },
  };
}

const shop = `
  CREATE SCHEMA shop;
  GRANT USAGE ON SCHEMA shop TO ecommerce_app;
  CREATE TABLE shop.notes (tenant_id uuid NOT NULL, text text NOT NULL, PRIMARY KEY (tenant_id, text));
  CREATE TABLE shop.remarks (
    tenant_id uuid NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (tenant_id, text),
    FOREIGN KEY (tenant_id, text) REFERENCES shop.notes DEFERRABLE
  );
  CREATE TABLE shop.counters (tenant_id uuid PRIMARY KEY, n integer NOT NULL);
  DO $$
  BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
      PERFORM create_distributed_table('shop.notes', 'tenant_id', colocate_with => 'ecommerce.tenants');
      PERFORM create_distributed_table('shop.remarks', 'tenant_id', colocate_with => 'ecommerce.tenants');
      PERFORM create_distributed_table('shop.counters', 'tenant_id', colocate_with => 'ecommerce.tenants');
    END IF;
  END $$;`;
