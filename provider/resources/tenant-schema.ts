import { z } from "zod";
import type { TenantSchemaInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { type Reader, readerOf, runStatements } from "../postgres/sql-statements";
import { identifier } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

interface TenantSchemaState extends TenantSchemaInputs {
  /** State of the distribution by schema. `impossible`: this server has no Citus. */
  readonly distributed: "yes" | "missing" | "impossible";
}

/**
 * Schema of one tenant. With Citus it is distributed while it is empty: every table created in it is then one shard,
 * beside the others of the schema, with no distribution column. Delete keeps the schema and its rows, unless the
 * stack's opt-in allows the drop.
 */
export const tenantSchema: ResourceHandler<TenantSchemaInputs, TenantSchemaState> = {
  noun: "TenantSchema",

  inputs: z.object({ schema: identifier, tenant: identifier }) satisfies z.ZodType<TenantSchemaInputs>,

  diff(old, next) {
    return [
      ...(old.schema === next.schema ? [] : [{ path: "schema", how: "replace" as const }]),
      ...(old.tenant === next.tenant ? [] : [{ path: "tenant", how: "update" as const }]),
      ...(old.distributed === "missing" ? [{ path: "distributed", how: "update" as const }] : []),
    ];
  },

  preview(old, next) {
    if (!next) return old ? previewDrop(old) : [];
    const distribute = `SELECT citus_schema_distribute(${quoteLiteral(quoteIdentifier(next.schema))})`;
    if (old) return old.distributed === "missing" ? [distribute] : [];
    return [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(next.schema)}`, "-- where Citus is installed:", distribute];
  },

  async create(context, next) {
    return { id: next.schema, state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  async delete({ database, allow, log, warn }, _id, { schema, tenant }) {
    const id = `drop ${schema}`;
    if (!(await exists(database.query.bind(database), schema))) return;
    if (!allow.has(id)) {
      warn(`the schema ${schema} stays with its rows; to drop it, add \`${id}\` to tenantry:allow beforehand`);
      return;
    }
    await database.transaction((client) =>
      runStatements(client, [
        { sql: `DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)} CASCADE` },
        // A tenant of this name that comes back starts from nothing.
        { sql: "DELETE FROM tenantry.migrations WHERE right(path, length($1) + 1) = '@' || $1", values: [tenant] },
      ]),
    );
    log(`dropped the schema ${schema} with its rows`);
  },

  async read({ database }, id, old) {
    const schema = old?.schema ?? id;
    const read = database.query.bind(database);
    if (!(await exists(read, schema))) return undefined;
    const { citus } = await database.facts;
    const distributed = citus === undefined ? "impossible" : (await isDistributed(read, schema)) ? "yes" : "missing";
    return { schema, tenant: old?.tenant ?? schema, distributed };
  },
};

function previewDrop({ schema }: TenantSchemaInputs): readonly string[] {
  return [
    `-- the schema stays with its rows, unless tenantry:allow has "drop ${schema}":`,
    `DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)} CASCADE`,
  ];
}

async function apply({ database }: Context, next: TenantSchemaInputs): Promise<TenantSchemaState> {
  const { citus } = await database.facts;
  const schema = quoteIdentifier(next.schema);
  await database.transaction(async (client) => {
    await runStatements(client, [{ sql: `CREATE SCHEMA IF NOT EXISTS ${schema}` }]);
    if (citus === undefined || (await isDistributed(readerOf(client), next.schema))) return;
    await runStatements(client, [{ sql: "SELECT citus_schema_distribute($1)", values: [schema] }]);
  });
  return { ...next, distributed: citus === undefined ? "impossible" : "yes" };
}

async function exists(read: Reader, schema: string): Promise<boolean> {
  return (await read("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema])).length > 0;
}

async function isDistributed(read: Reader, schema: string): Promise<boolean> {
  const found = await read("SELECT 1 FROM pg_dist_schema WHERE schemaid = to_regnamespace($1)", [
    quoteIdentifier(schema),
  ]);
  return found.length > 0;
}
