import { Problems } from "../../common/problem";
import { quoteTable } from "../../provider/postgres/live-tables";
import { readerOf } from "../../provider/postgres/sql-statements";
import { ObjectMissing } from "../../store/errors";
import { type AgedPartition, type AgedStep, describePeriod, readAged, samePeriod } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { readColdFiles, recordStep } from "../cold-catalog";
import { readExportColumns } from "../export/export-column";
import { exportPeriod } from "../export/export-period";
import { FileDiffers, verifyPeriod } from "../export/verify-period";
import type { RunContext } from "../run-context";
import { changedTenants } from "./changed-rows";
import { deleteFiles } from "./delete-files";
import { detachPartition, exists } from "./detach-partition";

/** Exports before and after which rows may be deleted, until this gives up for now. */
const attempts = 5;

/** Does one step with a partition that is closed, and records it. */
export async function ageStep(
  context: RunContext,
  table: AgingTable,
  step: Exclude<AgedStep, "closed">,
  found: AgedPartition,
): Promise<void> {
  const { client } = context;
  switch (step) {
    case "exported":
      await requirePartition(context, found);
      await exportPeriod(context, table, found, found.partition, found.batch);
      break;
    case "verified":
      await verified(context, table, found);
      break;
    case "detached":
      await recordBytes(context, found);
      await detachPartition(client, found, found.partition);
      break;
    case "dropped":
      await dropUnchanged(context, table, found);
      break;
    case "deleted":
      await deleteFiles(context, table, found);
      return;
  }
  await recordStep(client, found, step);
}

async function verified(context: RunContext, table: AgingTable, found: AgedPartition): Promise<void> {
  try {
    await verifyPeriod(context, table, await current(context, found), found.partition, found.batch);
  } catch (error) {
    // What is in the store can't be relied on: the next run exports the rows again.
    if (error instanceof FileDiffers || error instanceof ObjectMissing) await backTo(context, found, "closed");
    throw error;
  }
}

/** Drops a detached partition if its rows are those of the files. Rows that were deleted meanwhile leave the files first. */
async function dropUnchanged(context: RunContext, table: AgingTable, found: AgedPartition): Promise<void> {
  const { client, log } = context;
  if (!(await exists(client, found.partition))) return;
  for (let attempt = 1; ; attempt++) {
    const columns = await readExportColumns(readerOf(client), found.partition);
    const changed = await changedTenants(client, found, found.batch, { name: found.partition, columns, ...table });
    const unread = (await readColdFiles(readerOf(client), found)).some(
      (file) => file.batch === found.batch && !file.verified,
    );
    if (changed.length === 0 && !unread) break;
    if (attempt === attempts) throw keepsChanging(found, changed);
    if (changed.length > 0) {
      log(`${describePeriod(found)}: rows of ${changed.length} tenant(s) changed since their export; exporting again`);
      await exportPeriod(context, table, found, found.partition, found.batch);
    }
    await verifyPeriod(context, table, await current(context, found), found.partition, found.batch);
  }
  // tenantry:allow drop-table Its rows are in the store, read back and equal
  await client.query(`DROP TABLE IF EXISTS ${quoteTable(found.partition)}`);
}

async function recordBytes(
  { client }: RunContext,
  { partition, schema, table, startsAt }: AgedPartition,
): Promise<void> {
  const name = quoteTable(partition);
  const { rows } = await client.query<{ distributed: boolean }>(
    "SELECT to_regprocedure('citus_total_relation_size(regclass, boolean)') IS NOT NULL AS distributed",
  );
  const size = rows[0]?.distributed
    ? "citus_total_relation_size(to_regclass($4))"
    : "pg_total_relation_size(to_regclass($4))";
  await client.query(
    `UPDATE tenantry.aged_partition SET database_bytes = coalesce(${size}, database_bytes) WHERE (schema_name, table_name, starts_at) = ($1, $2, $3)`,
    [schema, table, startsAt, name],
  );
}

async function backTo(
  { client }: RunContext,
  { schema, table, startsAt }: AgedPartition,
  step: AgedStep,
): Promise<void> {
  await client.query(
    "UPDATE tenantry.aged_partition SET step = $4 WHERE (schema_name, table_name, starts_at) = ($1, $2, $3)",
    [schema, table, startsAt, step],
  );
}

/** The period as the catalog has it now. */
async function current({ client }: RunContext, period: AgedPartition): Promise<AgedPartition> {
  return (await readAged(readerOf(client))).find((each) => samePeriod(each, period)) ?? period;
}

async function requirePartition({ client }: RunContext, found: AgedPartition): Promise<void> {
  if (await exists(client, found.partition)) return;
  throw new Problems([
    {
      what: `The partition of ${describePeriod(found)} went away before its rows were exported`,
      got: quoteTable(found.partition),
      fix: "Restore it from a backup and attach it; or, if its rows may be lost, DELETE its row FROM tenantry.aged_partition",
    },
  ]);
}

function keepsChanging(period: AgedPartition, tenants: readonly string[]): Problems {
  return new Problems([
    {
      what: `Rows of ${describePeriod(period)} change while they are exported`,
      got: `tenants ${tenants.slice(0, 5).join(", ")}`,
      fix: "Nothing was dropped; end what deletes these rows, and run again",
    },
  ]);
}
