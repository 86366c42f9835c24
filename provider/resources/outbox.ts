import { z } from "zod";
import type { DistributedTableInputs, OutboxInputs } from "../../architecture/declaration";
import { quoteIdentifier } from "../../architecture/identifier";
import { createdColumn, outbox as names, outboxColumns, publishedColumns } from "../../architecture/outbox";
import { type Problem, refuseIfAny } from "../../architecture/problem";
import type { Context } from "../context";
import type { Statement } from "../database";
import { identifier, qualifiedName, tenantType } from "../input-schemas";
import type { Difference, Kind } from "../kind";
import { type FoundPublication, type Publication, planPublication, readPublication, sameColumns } from "../publication";
import { keepShardCatalogs, shardCatalogLines, shardCatalogsKept } from "../shard-catalogs";
import { type Reader, runStatements } from "../statements";
import { deleteTable, findTable, parseTableId, previewDelete, quoteTable, type TableName, tableId } from "../tables";
import { tenancyDifferences } from "../tenancy-differences";
import { type DistributedTableState, distributedTable } from "./distributed-table";

export interface OutboxState extends OutboxInputs {
  /** `impossible`: this server has no Citus. `missing`: it has, and the table is not distributed. */
  readonly distributed: "yes" | "missing" | "impossible";
  /** The columns that reach the connector; none if the publication is missing, or isn't for inserts by the root's name. */
  readonly published: readonly string[];
  /** `missing`: a node's catalogs of shards may forget what a slot that lags still needs. `impossible`: no Citus. */
  readonly shardCatalogs: "kept" | "missing" | "impossible";
}

/** What the catalogs say of the outbox. */
export interface FoundOutbox {
  /** The tenant column, the first one of the primary key, and its type. */
  readonly column: string;
  readonly type: string;
  /** The constraints on the payload's size by their names, with the limit in bytes. */
  readonly limits: Readonly<Record<string, number>>;
  readonly publication: FoundPublication | undefined;
}

function tableOf({ schema = names.schema }: Pick<OutboxInputs, "schema">): TableName {
  return { schema, table: names.table };
}

/**
 * The table behind `tenantry.emit()`, and its publication. The event's id, key, type and payload become a record; the
 * payload verbatim, so its size is limited as text, where Kafka will meet it.
 */
export const outbox: Kind<OutboxInputs, OutboxState> = {
  noun: "Outbox",

  inputs: z.object({
    schema: identifier.exactOptional(),
    column: identifier,
    type: tenantType,
    colocateWith: qualifiedName.exactOptional(),
    maxPayloadBytes: z
      .int()
      .min(1)
      .max(2 ** 30),
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
      ...planOutboxTable(next, found).map(({ sql }) => sql),
      ...distributedTable.preview(old && asPlaced(old), asTable(next)),
      ...planPublication(publicationOf(next), found?.publication).map(({ sql }) => sql),
    ];
  },

  async create(context, next) {
    return { id: tableId(tableOf(next)), state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  /** A publication without a slot costs nothing, and a connector that still reads it would fail without: it goes with its table. */
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
    const found = await observe(read, table, publication);
    if (!found) return undefined;
    const own = ownOf(table);
    return {
      ...own,
      column: found.column,
      type: tenantType.catch("text").parse(found.type),
      ...(!own.schema && {
        colocateWith: "colocateWith" in placed.placement ? placed.placement.colocateWith : tableId(table),
      }),
      maxPayloadBytes: Math.min(...Object.values(found.limits), ...(isUnlimited(found) ? [0] : [])),
      publication,
      distributed: placed.distributed,
      published: found.publication?.asDeclared ? (found.publication.columns ?? []) : [],
      shardCatalogs: await readShardCatalogs(context, read),
    };
  },
};

/** What is missing of the table itself between what was found and what is wanted. */
export function planOutboxTable(next: OutboxInputs, found: FoundOutbox | undefined): readonly Statement[] {
  const limit = limitOf(next.maxPayloadBytes);
  const table = tableOf(next);
  if (!found) return [createTable(next)];
  if (found.limits[limit.name] === next.maxPayloadBytes && Object.keys(found.limits).length === 1) return [];
  const alter = `ALTER TABLE ${quoteTable(table)}`;
  return [
    ...Object.keys(found.limits)
      .sort()
      .map((name) => ({ sql: `${alter} DROP CONSTRAINT ${quoteIdentifier(name)}` })),
    // Rows that are there were published long ago, and go with their partitions: only new ones are held to it.
    { sql: `${alter} ADD ${limit.sql} NOT VALID` },
  ];
}

/**
 * The checks are what the connector can't do: an event that Kafka refuses, by its size or its topic's name, stops the
 * events of all tenants behind it.
 */
function createTable({ column, type, maxPayloadBytes, ...own }: OutboxInputs): Statement {
  const tenant = quoteIdentifier(column);
  return {
    sql: `CREATE TABLE ${quoteTable(tableOf(own))} (
  ${tenant} ${type} NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  ${createdColumn.name} ${createdColumn.definition},
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  PRIMARY KEY (${tenant}, created_at, id),
  CONSTRAINT aggregate_type_is_part_of_a_topic_name CHECK (aggregate_type ~ '^[a-zA-Z0-9._-]{1,100}$'),
  ${limitOf(maxPayloadBytes).sql}
) PARTITION BY RANGE (created_at)`,
  };
}

function nameTaken({ column }: OutboxInputs): Problem {
  return {
    what: `The tenant column has the name of one of the outbox's own columns`,
    got: column,
    expected: `none of ${outboxColumns.join(", ")}`,
    fix: "name the tenant column otherwise, such as tenant_id",
  };
}

const limitPrefix = "payload_at_most_";

/** Its name is what whoever breaks it reads. */
function limitOf(bytes: number): { readonly name: string; readonly sql: string } {
  const name = `${limitPrefix}${bytes}_bytes_or_use_a_claim_check`;
  return { name, sql: `CONSTRAINT ${name} CHECK (octet_length(payload::text) <= ${bytes})` };
}

/** The one that tenants' outboxes share stays: it goes on without this table. */
function planDrop({ publication, schema }: OutboxInputs): readonly Statement[] {
  return schema !== undefined ? [] : [{ sql: `DROP PUBLICATION IF EXISTS ${quoteIdentifier(publication)}` }];
}

function asTable({ column, colocateWith, ...own }: OutboxInputs): DistributedTableInputs {
  const placement = colocateWith === undefined ? ({ withSchema: true } as const) : { colocateWith };
  return { ...tableOf(own), column, placement, foreignKeys: [] };
}

/** The schema, where it is a tenant's own. */
function ownOf({ schema }: TableName): Pick<OutboxInputs, "schema"> {
  return schema === names.schema ? {} : { schema };
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

/** What the catalogs are expected to say, for a preview that asks no server. */
function expectedFrom(old: OutboxState, next: OutboxInputs): FoundOutbox {
  const limits = old.maxPayloadBytes > 0 ? { [limitOf(old.maxPayloadBytes).name]: old.maxPayloadBytes } : {};
  const publication = { columns: old.published, asDeclared: old.published.length > 0 };
  return {
    column: old.column,
    type: old.type,
    limits,
    publication: old.publication === next.publication ? publication : undefined,
  };
}

/** Each step looks at what is there: a run after a kill goes on where it was. */
async function apply(context: Context, next: OutboxInputs): Promise<OutboxState> {
  const { database } = context;
  if ((await readShardCatalogs(context, database.query.bind(database))) === "missing") {
    await database.transaction(keepShardCatalogs);
  }
  const look = (read: Reader) => observe(read, tableOf(next), next.publication);
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

/** What `read` finds out by itself. */
const unknown = { distributed: "missing", published: [], shardCatalogs: "missing" } as const;

async function readShardCatalogs({ database }: Context, read: Reader): Promise<OutboxState["shardCatalogs"]> {
  if ((await database.facts).citus === undefined) return "impossible";
  return (await shardCatalogsKept(read)) ? "kept" : "missing";
}

async function observe(read: Reader, table: TableName, publication: string): Promise<FoundOutbox | undefined> {
  const [key] = await read<{ column: string; type: string; limits: Record<string, number> }>(
    `SELECT attname AS column, format_type(atttypid, atttypmod) AS type,
       (SELECT coalesce(json_object_agg(conname, substring(pg_get_constraintdef(oid) FROM '<= (\\d+)')::int), '{}')
        FROM pg_constraint c WHERE c.conrelid = i.indrelid AND contype = 'c' AND starts_with(conname::text, $2)) AS limits
     FROM pg_index i JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
     WHERE indrelid = to_regclass($1) AND indisprimary`,
    [quoteTable(table), limitPrefix],
  );
  const isShared = ownOf(table).schema !== undefined;
  return key && { ...key, publication: await readPublication(read, { name: publication, table, isShared }) };
}

function isUnlimited({ limits }: FoundOutbox): boolean {
  return Object.keys(limits).length === 0;
}

function keyProblems(old: Pick<FoundOutbox, "column" | "type">, next: OutboxInputs): readonly Problem[] {
  if (old.column === next.column && old.type === next.type) return [];
  const id = tableId(tableOf(next));
  return [
    {
      what: `${id} belongs to the tenants by another column, which is part of its key`,
      got: `${next.column} ${next.type}`,
      expected: `${old.column} ${old.type}, as it is now`,
      fix: `set the tenant column back; or, once every connector has read its last event, DROP TABLE ${id}, refresh, and apply again`,
    },
  ];
}
