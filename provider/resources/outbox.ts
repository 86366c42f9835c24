import { z } from "zod";
import type { DistributedTableInputs, OutboxInputs } from "../../architecture/data-plane/declaration";
import { anySize, boundsOf, outboxChecks, topicPart } from "../../architecture/data-plane/outbox-checks";
import { outbox as names, outboxColumns, publishedColumns } from "../../architecture/data-plane/outbox-table";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { type Problem, refuseIfAny } from "../../common/problem";
import { keepShardCatalogs, shardCatalogLines, shardCatalogsKept } from "../citus/shard-catalogs";
import {
  type FoundOutbox,
  keyProblems,
  missingChecks,
  ownOf,
  planOutboxTable,
  readOutbox,
  tableOf,
} from "../events/outbox-table";
import { deleteTable, findTable, parseTableId, previewDelete, quoteTable, tableId } from "../postgres/live-tables";
import { type Publication, planPublication, readPublication, sameColumns } from "../postgres/publication";
import { type Reader, runStatements, type Statement } from "../postgres/sql-statements";
import { identifier, qualifiedName, tenantType } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";
import { tenancyDifferences } from "../protocol/tenancy-differences";
import { type DistributedTableState, distributedTable } from "./distributed-table";

export interface OutboxState extends OutboxInputs {
  /** `impossible`: this server has no Citus. `missing`: it has Citus, and the table is not distributed. */
  readonly distributed: "yes" | "missing" | "impossible";
  /**
   * Columns that reach the connector. Empty if the publication is missing, publishes more than inserts, or does not
   * use the root's name.
   */
  readonly published: readonly string[];
  /** `missing`: a column of the record has no bound, or another one. */
  readonly checks: "kept" | "missing";
  /** `missing`: a node's shard catalogs may forget what a lagging slot still needs. `impossible`: no Citus. */
  readonly shardCatalogs: "kept" | "missing" | "impossible";
}

/**
 * Table behind `tenantry.emit()`, with its publication. The event's id, key, type and payload become a record. The
 * payload is copied verbatim, so its size is limited as text, as Kafka will see it.
 */
export const outbox: ResourceHandler<OutboxInputs, OutboxState> = {
  noun: "Outbox",

  inputs: z.object({
    schema: identifier.exactOptional(),
    column: identifier,
    type: tenantType,
    colocateWith: qualifiedName.exactOptional(),
    maxPayloadBytes: z.int().min(1).max(anySize),
    aggregates: z.array(z.string().regex(topicPart, "a name that can be part of a topic's")).exactOptional(),
    publication: identifier,
  }),

  check(old, next, allow) {
    if (outboxColumns.includes(next.column)) return [nameTaken(next)];
    if (!old) return [];
    return [...keyProblems(old, next), ...(distributedTable.check?.(asPlaced(old), asTable(next), allow) ?? [])];
  },

  diff(old, next) {
    const differences: Difference[] = [...tenancyDifferences(old, next)];
    if (old.maxPayloadBytes !== next.maxPayloadBytes) differences.push({ path: "maxPayloadBytes", how: "update" });
    if (!sameNames(old.aggregates, next.aggregates)) differences.push({ path: "aggregates", how: "update" });
    if (old.checks !== "kept") differences.push({ path: "checks", how: "update" });
    if (old.publication !== next.publication) differences.push({ path: "publication", how: "update" });
    if (!sameColumns(old.published, publishedColumns(next.column))) {
      differences.push({ path: "published", how: "update" });
    }
    if (old.shardCatalogs === "missing") differences.push({ path: "shardCatalogs", how: "update" });
    return differences;
  },

  preview(old, next) {
    if (!next) return old ? [...previewDelete(tableOf(old)), ...planDrop(old).map(({ sql }) => sql)] : [];
    const found = old && expectedFrom(old, next);
    return [
      ...(old?.shardCatalogs === "kept" || old?.shardCatalogs === "impossible" ? [] : shardCatalogLines),
      ...(old ? removalLines(old, next) : []),
      ...planOutboxTable(next, found).map(({ sql }) => sql),
      ...distributedTable.preview(old && asPlaced(old), asTable(next)),
      ...planPublication(publicationOf(next), found?.publication).map(({ sql }) => sql),
    ];
  },

  /** Includes events of aggregates that the outbox no longer accepts, declared before or not. */
  async previewLive(read, old, next) {
    const lines = outbox.preview(old, next);
    if (!old || !next?.aggregates || sameNames(old.aggregates, next.aggregates)) return lines;
    // Uses no parameter, because Citus can't plan this query with one.
    const taken = `aggregate_type IN (${next.aggregates.map(quoteLiteral).join(", ") || "NULL"})`;
    const held = await read<{ aggregate: string; count: number }>(
      `SELECT aggregate_type AS aggregate, count(*)::int AS count FROM ${quoteTable(tableOf(next))}
       WHERE (${taken}) IS NOT TRUE GROUP BY 1 ORDER BY 1`,
    );
    const said = held.map(
      ({ aggregate, count }) => `-- it holds ${count} events of "${aggregate}", and takes no new ones`,
    );
    return [...said, ...lines];
  },

  async create(context, next) {
    return { id: tableId(tableOf(next)), state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  /**
   * Keeps the publication: without a slot it costs nothing, and a connector that still reads it would fail without
   * it. It is dropped with its table.
   */
  async delete(context, _id, old) {
    await deleteTable(context, tableOf(old));
    const read = context.database.query.bind(context.database);
    if (await findTable(read, tableOf(old))) return;
    await context.database.transaction((client) => runStatements(client, planDrop(old)));
  },

  async read(context, id, old) {
    const table = old ? tableOf(old) : parseTableId(id);
    const placed = await distributedTable.read(context, tableId(table), old && asPlaced(old));
    if (!placed) return undefined;
    const publication = old?.publication ?? names.publication;
    const read = context.database.query.bind(context.database);
    const found = await readOutbox(read, table, publication);
    if (!found) return undefined;
    const own = ownOf(table);
    const { column, checks } = found;
    const type = tenantType.catch("text").parse(found.type);
    const bounds = { column, type, ...boundsOf(checks) };
    return {
      ...own,
      ...bounds,
      ...(!own.schema && {
        colocateWith: "colocateWith" in placed.placement ? placed.placement.colocateWith : tableId(table),
      }),
      publication,
      distributed: placed.distributed,
      published: found.publication?.asDeclared ? (found.publication.columns ?? []) : [],
      checks: missingChecks(bounds, checks).length === 0 ? "kept" : "missing",
      shardCatalogs: await readShardCatalogs(context, read),
    };
  },
};

/** Preview lines about events of aggregates that are no longer declared. */
function removalLines(old: OutboxInputs, next: OutboxInputs): readonly string[] {
  const removed = (old.aggregates ?? []).filter((name) => next.aggregates?.includes(name) === false);
  if (removed.length === 0) return [];
  const names = removed.map((name) => `"${name}"`).join(", ");
  return [`-- new events of ${names} are refused; those in the outbox still go to their topic, which stays`];
}

function nameTaken({ column }: OutboxInputs): Problem {
  return {
    what: `The tenant column has the name of one of the outbox's own columns`,
    got: column,
    expected: `none of ${outboxColumns.join(", ")}`,
    fix: "name the tenant column otherwise, such as tenant_id",
  };
}

/** A publication that tenants' outboxes share stays without this table. */
function planDrop({ publication, schema }: OutboxInputs): readonly Statement[] {
  return schema !== undefined ? [] : [{ sql: `DROP PUBLICATION IF EXISTS ${quoteIdentifier(publication)}` }];
}

function asTable({ column, colocateWith, ...own }: OutboxInputs): DistributedTableInputs {
  const placement = colocateWith === undefined ? ({ withSchema: true } as const) : { colocateWith };
  return { ...tableOf(own), column, placement, foreignKeys: [] };
}

function asPlaced(old: OutboxState): DistributedTableState {
  return { ...asTable(old), distributed: old.distributed };
}

function publicationOf({ publication, column, ...own }: OutboxInputs): Publication {
  return {
    name: publication,
    table: tableOf(own),
    columns: publishedColumns(column),
    isShared: own.schema !== undefined,
  };
}

/** Assumed content of the catalogs, for a preview without a server. */
function expectedFrom(old: OutboxState, next: OutboxInputs): FoundOutbox {
  const checks = outboxChecks(old).map(({ name, expression }) => [name, expression] as const);
  const publication = { columns: old.published, asDeclared: old.published.length > 0 };
  return {
    column: old.column,
    type: old.type,
    checks: old.checks === "kept" ? Object.fromEntries(checks) : {},
    publication: old.publication === next.publication ? publication : undefined,
  };
}

/** Each step reads before it acts, so a run after a kill continues. */
async function apply(context: Context, next: OutboxInputs): Promise<OutboxState> {
  const { database } = context;
  if ((await readShardCatalogs(context, database.query.bind(database))) === "missing") {
    await database.transaction(keepShardCatalogs);
  }
  const look = (read: Reader) => readOutbox(read, tableOf(next), next.publication);
  await database.change(look, async (client, found) => {
    if (found) refuseIfAny(keyProblems(found, next));
    await runStatements(client, planOutboxTable(next, found));
  });
  await distributedTable.create(context, asTable(next));
  const wanted = publicationOf(next);
  await database.change(
    (read) => readPublication(read, wanted),
    (client, found) => runStatements(client, planPublication(wanted, found)),
  );
  const id = tableId(tableOf(next));
  const state = await outbox.read(context, id, { ...next, ...unknown });
  if (!state) throw new Error(`${id} was dropped while it was made`);
  return state;
}

/** Inputs that `read` finds in the database. */
const unknown = { distributed: "missing", published: [], checks: "missing", shardCatalogs: "missing" } as const;

async function readShardCatalogs({ database }: Context, read: Reader): Promise<OutboxState["shardCatalogs"]> {
  if ((await database.facts).citus === undefined) return "impossible";
  return (await shardCatalogsKept(read)) ? "kept" : "missing";
}

/** Compares as sets. Undefined differs from an empty list. */
function sameNames(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return JSON.stringify(one?.toSorted()) === JSON.stringify(other?.toSorted());
}
