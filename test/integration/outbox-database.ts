import type { TestContext } from "node:test";
import type { Client } from "pg";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";

export const wanted = {
  column: "tenant_id",
  type: "uuid",
  colocateWith: "ecommerce.tenants",
  maxPayloadBytes: 8192,
  aggregates: ["order", "payment"],
  publication: "tenantry_outbox",
} as const;

export const days = {
  schema: "tenantry",
  table: "outbox",
  by: "created_at",
  every: lasting("1 day"),
  ahead: 2,
  retention: lasting("3 days"),
  dropAfter: "slots",
} as const;

const isolation = {
  schema: "tenantry",
  table: "outbox",
  column: "tenant_id",
  type: "uuid",
  grants: { ecommerce_app: ["SELECT", "INSERT"] },
} as const;

/** A database with an isolated outbox that has today's partitions and that the application's role may write. */
export async function withOutbox(t: TestContext, allow: readonly string[] = []): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase(allow);
  t.after(() => plane.close());
  await outbox.create(plane.context, wanted);
  await partitionSet.create(plane.context, days);
  await tenantIsolation.create(plane.context, isolation);
  return plane;
}

export async function inTenant<T>(client: Client, tenant: string, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

export function emit(
  client: Client,
  tenant: string | null,
  payload: unknown = { total: "12.50" },
  aggregate = "order",
) {
  const values = [tenant, aggregate, "o-1", "OrderPlaced", JSON.stringify(payload)];
  return client.query<{ id: string }>("SELECT tenantry.emit($1, $2, $3, $4, $5) AS id", values);
}
