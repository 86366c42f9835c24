import { z } from "zod";
import type { TenantShardInputs } from "../../architecture/data-plane/declaration";
import { quoteLiteral } from "../../common/identifier";
import { type Problem, Problems } from "../../common/problem";
import { roundSize } from "../../common/size";
import { awaitEarlierRebalance } from "../citus/rebalance";
import { warnOfNoCitus } from "../citus/shard-placement";
import { splitShard } from "../citus/shard-split";
import { awaitDrained } from "../events/drained-slots";
import { findTable, quoteTable, tableId } from "../postgres/live-tables";
import type { Reader } from "../postgres/sql-statements";
import { identifier, tenantType } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

interface TenantShardState extends TenantShardInputs {
  /** `impossible`: this server has no Citus. `missing`: the tenant shares its shard with others. */
  readonly isolated: "yes" | "missing" | "impossible";
}

/**
 * Own shard group of one tenant, in all tables co-located with the root. The shared shards are split online, after
 * the slots of the outbox have read the log. Delete leaves the tenant in its shard, which holds no other tenant and
 * does no harm.
 */
export const tenantShard: ResourceHandler<TenantShardInputs, TenantShardState> = {
  noun: "TenantShard",

  inputs: z.object({
    schema: identifier,
    table: identifier,
    type: tenantType,
    tenant: z.string().min(1, "a tenant's value"),
  }) satisfies z.ZodType<TenantShardInputs>,

  diff(old, next) {
    return [
      ...(["schema", "table", "type", "tenant"] as const)
        .filter((path) => old[path] !== next[path])
        .map((path) => ({ path, how: "replace" as const })),
      ...(old.isolated === "missing" ? [{ path: "isolated", how: "update" as const }] : []),
    ];
  },

  preview(old, next) {
    if (!next || (old && old.isolated !== "missing")) return [];
    const how = `online, or blocking writes where tenantry:allow lists \`${blockWritesOptIn(next.tenant)}\``;
    return [`-- where Citus is installed, once every slot has read what the log holds; ${how}:`, split(next)];
  },

  async previewLive(read, old, next) {
    const lines = tenantShard.preview(old, next);
    const [shared] = next && lines.length > 0 ? await read<{ bytes: string }>(sharedSize, [quoteTable(next)]) : [];
    if (!shared) return lines;
    return [`-- copies a shard group of about ${roundSize({ bytes: Number(shared.bytes) })}`, ...lines];
  },

  async create(context, next) {
    return { id: `${tableId(next)}/${next.tenant}`, state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  async delete() {},

  async read({ database }, id, old) {
    const inputs = old ?? (await parseId(database.query.bind(database), id));
    if (!inputs) return undefined;
    const { schema, table, type, tenant } = inputs;
    if (!(await findTable(database.query.bind(database), inputs))) return undefined;
    return { schema, table, type, tenant, isolated: await isolationOf(database, inputs) };
  },
};

/** Opt-in in the stack's `tenantry:allow` to a split without replication, which no transaction can delay for long. */
function blockWritesOptIn(tenant: string): string {
  return `block-writes ${tenant}`;
}

/** Quotes the values, because Citus takes the type from the expression. */
function split({ tenant, type, ...name }: TenantShardInputs, mode?: "block_writes"): string {
  const value = `${quoteLiteral(tenant)}::${type}`;
  const how = mode ? `, shard_transfer_mode => ${quoteLiteral(mode)}` : "";
  return `SELECT isolate_tenant_to_new_shard(${quoteLiteral(quoteTable(name))}, ${value}, 'CASCADE'${how})`;
}

/** Average size, because a query for one tenant's shard would need a value of the right type. */
const sharedSize = `SELECT coalesce(sum(size) / nullif(count(DISTINCT shardminvalue), 0), 0)::bigint::text AS bytes
  FROM pg_dist_partition AS root JOIN pg_dist_partition AS beside USING (colocationid)
  JOIN pg_dist_shard AS shard ON shard.logicalrelid = beside.logicalrelid JOIN citus_shard_sizes() ON shard_id = shardid
  WHERE root.logicalrelid = to_regclass($1)`;

async function isolationOf(
  database: Context["database"],
  { tenant, type, ...name }: TenantShardInputs,
): Promise<TenantShardState["isolated"]> {
  if ((await database.facts).citus === undefined) return "impossible";
  // Citus refuses to look up a shard of a table that is not distributed.
  const distributed = await database.query("SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)", [
    quoteTable(name),
  ]);
  if (distributed.length === 0) return "missing";
  const [shard] = await database.query<{ alone: boolean }>(
    `SELECT shardminvalue = shardmaxvalue AS alone FROM pg_dist_shard
     WHERE shardid = get_shard_id_for_distribution_column($1::regclass, $2::text::${type})`,
    [quoteTable(name), tenant],
  );
  return shard?.alone ? "yes" : "missing";
}

/** Reads first: the split of a killed run is either complete or was rolled back, and Citus removes its rest. */
async function apply(context: Context, next: TenantShardInputs): Promise<TenantShardState> {
  const { database, log } = context;
  const before = await isolationOf(database, next);
  if (before === "impossible") warnOfNoCitus(context);
  if (before === "missing") {
    await awaitDrained(context, { before: `the shard of tenant ${next.tenant} is split` });
    await database.resumed((client) => awaitEarlierRebalance(context, client));
    const isBlocking = context.allow.has(blockWritesOptIn(next.tenant));
    log(`splits the shard of tenant ${next.tenant}${isBlocking ? "; the writers of its shards wait meanwhile" : ""}`);
    const options = isBlocking ? { holdMs: Number.POSITIVE_INFINITY } : {};
    await splitShard(
      context,
      split(next, isBlocking ? "block_writes" : undefined),
      `the shard of tenant ${next.tenant}`,
      options,
    );
    if ((await isolationOf(database, next)) !== "yes") throw new Problems([notAlone(next)]);
    return { ...next, isolated: "yes" };
  }
  return { ...next, isolated: before };
}

/** `SCHEMA.TABLE/TENANT`. Splits at the first slash, because a tenant's value may contain any character. */
async function parseId(read: Reader, id: string): Promise<TenantShardInputs | undefined> {
  const [, schema, table, tenant] = /^([^.]+)\.([^/]+)\/(.+)$/s.exec(id) ?? [];
  if (!schema || !table || !tenant) throw new Problems([noId(id)]);
  const [column] = await read<{ type: string }>(
    `SELECT format_type(atttypid, atttypmod) AS type FROM pg_dist_partition JOIN pg_attribute ON attrelid = logicalrelid
     WHERE logicalrelid = to_regclass($1) AND attname = column_to_column_name(logicalrelid, partkey)`,
    [quoteTable({ schema, table })],
  );
  return column && { schema, table, tenant, type: tenantType.parse(column.type) };
}

function noId(got: string): Problem {
  return {
    what: "This is no tenant shard's id",
    got,
    expected: "SCHEMA.TABLE/TENANT, the table being the root of the tenants",
    fix: "import it by this id",
  };
}

function notAlone({ tenant, ...name }: TenantShardInputs): Problem {
  return {
    what: `Tenant ${tenant} of ${tableId(name)} still shares its shard after the split`,
    expected: "a shard for one value of the hash alone",
    fix: "see Citus' log on the coordinator, then run again",
  };
}
