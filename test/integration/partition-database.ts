import type { TestContext } from "node:test";
import type { Client } from "pg";
import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { partitions } from "../../verify/checks/partitions";
import type { Target } from "../../verify/target";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";

export const visits = {
  schema: "ecommerce",
  table: "visits",
  by: "at",
  every: lasting("1 day"),
  ahead: 4,
  dropAfter: "retention",
} as const satisfies PartitionSetInputs;
const days = {
  ...visits,
  schema: "tenantry",
  table: "outbox",
  by: "created_at",
  retention: lasting("3 days"),
} as const;
export const kept = { ...days, dropAfter: "slots" } as const satisfies PartitionSetInputs;

/** A database with this default time zone for its sessions. */
export async function withDatabase(t: TestContext, zone = "UTC"): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  await plane.admin.query(`ALTER DATABASE "${plane.endpoint.database}" SET timezone = '${zone}'`);
  return plane;
}

export async function withVisits(t: TestContext, zone?: string, type = "timestamptz"): Promise<DataPlaneDatabase> {
  const plane = await withDatabase(t, zone);
  await plane.admin.query(`CREATE TABLE ecommerce.visits (at ${type} NOT NULL) PARTITION BY RANGE (at)`);
  return plane;
}

export async function withOutbox(t: TestContext): Promise<DataPlaneDatabase> {
  const plane = await withDatabase(t);
  await outbox.create(plane.context, {
    column: "tenant_id",
    type: "uuid",
    colocateWith: "ecommerce.tenants",
    maxPayloadBytes: 8192,
    publication: "tenantry_outbox",
  });
  await partitionSet.create(plane.context, kept);
  return plane;
}

/** Connects as pg_partman's worker does: with the settings of the database. */
export async function asWorker(plane: DataPlaneDatabase): Promise<Client> {
  const client = await plane.connect(plane.endpoint);
  await client.query("RESET timezone");
  return client;
}

export async function faults({ admin }: DataPlaneDatabase, name = "ecommerce.visits"): Promise<string[]> {
  const { rows } = await admin.query<{ fault: string }>("SELECT tenantry.partition_faults($1) AS fault", [name]);
  return rows.map(({ fault }) => fault);
}

export async function names({ admin }: DataPlaneDatabase): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT relname AS name FROM tenantry.partition_periods('ecommerce.visits') JOIN pg_class ON oid = partition
     ORDER BY lower(period)`,
  );
  return rows.map(({ name }) => name);
}

export const more = (n: number, name = "ecommerce.visits") =>
  `UPDATE partman.part_config SET premake = premake + ${n} WHERE parent_table = '${name}'`;

export async function look({ admin }: DataPlaneDatabase, ...sets: readonly PartitionSetInputs[]) {
  const declarations = sets.map((inputs) => ({ noun: "PartitionSet", name: inputs.table, inputs }));
  return partitions.run({ admin, declarations } as unknown as Target);
}
