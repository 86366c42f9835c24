import type { Client } from "pg";
import { z } from "zod";
import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { formatDuration } from "../../common/duration";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import { exportAgesOf, readExportAges } from "../partitions/exported-partitions";
import { foreseeMoves } from "../partitions/foreseen-moves";
import { readGuardedRetention } from "../partitions/guarded-retention";
import { type Interval, sameInterval } from "../partitions/interval";
import { type FoundPartitionSet, planDelete, planPartitionSet, readPartitionSet } from "../partitions/partition-plan";
import {
  adoptionProblems,
  incomplete,
  isFar,
  isShort,
  keyChanged,
  nameRefused,
  requirePartitioned,
  tooFar,
  tooShort,
} from "../partitions/partition-problems";
import { findDefault, limitsOf, maintain, type Partman } from "../partitions/partman";
import { shortened, tierProblems } from "../partitions/tier-change";
import type { Database } from "../postgres/database";
import { parseTableId, quoteTable, type TableName, tableId } from "../postgres/live-tables";
import { type Reader, readerOf, runAndRead, runStatements, type Statement } from "../postgres/sql-statements";
import { duration, identifier } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";

export interface PartitionSetState extends Omit<PartitionSetInputs, "every" | "retention" | "exportAfter"> {
  readonly every: Interval;
  readonly retention?: Interval;
  readonly exportAfter?: Interval;
  /** `off`: somebody turned off the creation of partitions ahead, or the dropping of old ones. */
  readonly maintenance: "on" | "off";
  /** Times without a partition, and partitions that are closed too early. @default none */
  readonly faults?: readonly string[];
}

export const partitionSet: ResourceHandler<PartitionSetInputs, PartitionSetState> = {
  noun: "PartitionSet",

  inputs: z
    .object({
      schema: identifier,
      table: identifier,
      by: identifier,
      every: duration,
      ahead: z.int().min(1).max(1000),
      retention: duration.exactOptional(),
      dropAfter: z.enum(["retention", "slots", "export"]),
      exportAfter: duration.exactOptional(),
    })
    .refine(
      ({ dropAfter, exportAfter, retention }) =>
        dropAfter === "export" ? exportAfter && retention : exportAfter === undefined,
      "`exportAfter` and `retention` belong to `dropAfter: export`, and `exportAfter` to nothing else",
    ),

  check(old, next, allow) {
    const problems: Problem[] = [];
    if (/[.']/.test(next.schema) || /[.']/.test(next.table)) problems.push(nameRefused(next));
    if (isShort(next.every)) problems.push(tooShort(next));
    if (isFar(next)) problems.push(tooFar(next));
    if (!old || tableId(old) !== tableId(next)) return problems;
    if (old.by !== next.by) problems.push(keyChanged("by", old, next));
    if (!sameInterval(old.every, next.every)) problems.push(keyChanged("every", old, next));
    return [...problems, ...tierProblems(old, next, allow)];
  },

  diff(old, next) {
    const differences: Difference[] = (["schema", "table", "by"] as const)
      .filter((path) => old[path] !== next[path])
      .map((path) => ({ path, how: "replace" }));
    if (!sameInterval(old.every, next.every)) differences.push({ path: "every", how: "replace" });
    if (old.ahead !== next.ahead) differences.push({ path: "ahead", how: "update" });
    if (!sameInterval(old.retention, next.retention)) differences.push({ path: "retention", how: "update" });
    if (!sameInterval(old.exportAfter, next.exportAfter)) differences.push({ path: "exportAfter", how: "update" });
    if (old.dropAfter !== next.dropAfter) differences.push({ path: "dropAfter", how: "update" });
    if (old.maintenance === "off") differences.push({ path: "maintenance", how: "update" });
    if (old.faults) differences.push({ path: "faults", how: "update" });
    return differences;
  },

  preview(old, next) {
    const lines = (statements: readonly Statement[]) => statements.map(({ sql }) => sql);
    if (!next)
      return old
        ? ["-- the partitions stay with their rows:", ...lines(planDelete(old, expectedFrom(old), usual))]
        : [];
    const shorter = old && shortened(old.retention, next.retention);
    return [
      ...(old ? [] : ["-- for pg_partman 5; on version 4 the same with that version's arguments:"]),
      ...(shorter ? [`-- ${lossBeyond(formatDuration(shorter), next)}:`] : []),
      ...lines(planPartitionSet(next, old && expectedFrom(old), usual)),
    ];
  },

  async previewLive(read, old, next) {
    const lines = partitionSet.preview(old, next);
    return next ? [...(await foreseeMoves(read, old, next)), ...lines] : lines;
  },

  async create(context, next) {
    return { id: tableId(next), state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  async delete({ database, log }, _id, old) {
    const { partman } = await database.facts;
    if (!partman) return;
    await database.transaction(async (client) => {
      const read = readerOf(client);
      const found = await readPartitionSet(read, old, partman);
      const [guardedRetention, exported] = await Promise.all([
        readGuardedRetention(read, old),
        readExportAges(read, old),
      ]);
      const template = found?.template;
      await runStatements(client, planDelete(old, { guardedRetention, exported, template }, partman));
    });
    log(`no partitions are made for ${tableId(old)} any more; those that exist stay with their rows`);
  },

  async read({ database }, id, old) {
    const name = old ?? parseTableId(id);
    const { partman } = await database.facts;
    const found = partman && (await readPartitionSet(database.query.bind(database), name, partman));
    return found && asState(name, found, old);
  },
};

/** Assumed state, for a preview without a server. */
const usual: Partman = { version: "5", schema: "partman" };

function expectedFrom({
  maintenance,
  dropAfter,
  retention,
  exportAfter,
  ...old
}: PartitionSetState): FoundPartitionSet {
  return {
    ...old,
    exported: exportAgesOf({ dropAfter, ...(exportAfter && { exportAfter }), ...(retention && { retention }) }),
    retention: dropAfter === "retention" ? retention : undefined,
    guardedRetention: dropAfter === "slots" ? retention : undefined,
    maintained: maintenance === "on",
    template: undefined,
  };
}

async function apply({ database }: Context, next: PartitionSetInputs): Promise<PartitionSetState> {
  const partman = await requirePartman(database);
  refuseIfAny(limitsOf(next, partman));
  const look = (read: Reader) => Promise.all([readPartitionSet(read, next, partman), requirePartitioned(read, next)]);
  return database.change(look, async (client, [found]) => {
    if (found) refuseIfAny(adoptionProblems(next, found));
    const statements = planPartitionSet(next, found, partman);
    if (found) await runStatements(client, statements);
    else await make(client, next, statements, partman);
    const made = await readPartitionSet(readerOf(client), next, partman);
    if (!made) throw new Error(`pg_partman did not take over ${tableId(next)}`);
    if (made.faults?.length) throw new Problems([incomplete(next, made.faults)]);
    return asState(next, made, next);
  });
}

/** pg_partman skips a partition whose name is taken, without an error. Maintenance checks the bounds and refuses. */
async function make(
  client: Client,
  next: TableName,
  statements: readonly Statement[],
  partman: Partman,
): Promise<void> {
  const { sql, values } = findDefault(next);
  const [partition] = await runAndRead(client, statements, (read) => read<TableName>(sql, values));
  const drop = partition ? [{ sql: `DROP TABLE ${quoteTable(partition)}` }] : [];
  await runStatements(client, [...drop, maintain(next, partman)]);
}

/** Keeps a declared value as written if it means the same as the found one. */
function asState(
  { schema, table }: TableName,
  found: FoundPartitionSet,
  declared: Pick<PartitionSetState, "every" | "retention" | "exportAfter" | "dropAfter"> | undefined,
): PartitionSetState {
  const keep = <T extends Interval | undefined>(one: T, other: T): T => (sameInterval(one, other) ? one : other);
  const { dropAfter = declared?.dropAfter ?? "retention", ...actual } = droppingOf(found);
  const retention = keep(declared?.retention, actual.retention);
  const exportAfter = keep(declared?.exportAfter, actual.exportAfter);
  return {
    schema,
    table,
    by: found.by,
    every: keep(declared?.every ?? found.every, found.every),
    ahead: found.ahead,
    ...(retention === undefined ? {} : { retention }),
    ...(exportAfter === undefined ? {} : { exportAfter }),
    dropAfter,
    maintenance: found.maintained && !found.isForeign ? "on" : "off",
    ...(found.faults?.length ? { faults: found.faults } : {}),
  };
}

/** The way in which partitions leave; none if they stay. pg_partman's own goes before all others, because it acts alone. */
function droppingOf({
  retention,
  exported,
  guardedRetention,
}: FoundPartitionSet): Partial<Pick<PartitionSetState, "dropAfter" | "retention" | "exportAfter">> {
  if (retention) return { dropAfter: "retention", retention };
  if (exported) return { dropAfter: "export", ...exported };
  return guardedRetention ? { dropAfter: "slots", retention: guardedRetention } : {};
}

async function requirePartman(database: Database): Promise<Partman> {
  const { partman } = await database.facts;
  if (partman) return partman;
  throw new Problems([
    {
      what: "pg_partman is not installed in the database",
      fix: "CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman",
    },
  ]);
}

function lossBeyond(age: string, { dropAfter }: PartitionSetInputs): string {
  return dropAfter === "export"
    ? `rows in the store older than ${age} are removed by the next \`tenantry lifecycle run\``
    : `partitions older than ${age} are dropped in the next round of maintenance`;
}
