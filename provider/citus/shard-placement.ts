import type { ForeignKey } from "../../architecture/application";
import type { DistributedTableInputs } from "../../architecture/data-plane/declaration";
import { quoteLiteral } from "../../common/identifier";
import type { Database, DatabaseFacts } from "../postgres/database";
import { type FoundKeyedTable, findKeyedTable, foreignKeysDiffer } from "../postgres/live-foreign-keys";
import { hasRows, parseTableId, quoteTable, type TableName, tableId } from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { changeShardCount } from "./shard-count";

/** Placement of a table's rows in Citus. */
export type Placement =
  /** Only on the coordinator. */
  | { readonly kind: "local" }
  /** One shard, beside the other tables of its distributed schema. */
  | { readonly kind: "schema" }
  /** A copy on every node. */
  | { readonly kind: "reference"; readonly localRows: boolean }
  | {
      readonly kind: "distributed";
      readonly column: string;
      readonly shardCount: number;
      /** Tables of its co-location group, itself included, the oldest first. */
      readonly group: readonly string[];
      /** True if rows from before the distribution still take space on the coordinator. */
      readonly localRows: boolean;
    };

async function readPlacement(read: Reader, tableOid: string): Promise<Placement> {
  const [row] = await read<{
    method: string;
    replication: string;
    column: string | null;
    shards: number | null;
    group: string[];
    local_rows: boolean;
    single: boolean;
  }>(
    `SELECT p.partmethod AS method, p.repmodel AS replication,
       p.partmethod = 'n' AND p.repmodel = 's' AND p.colocationid > 0 AS single, column_to_column_name(p.logicalrelid, p.partkey) AS column,
       (SELECT shardcount FROM pg_dist_colocation g WHERE g.colocationid = p.colocationid) AS shards,
       ARRAY(SELECT nspname || '.' || relname FROM pg_dist_partition o JOIN pg_class c ON c.oid = o.logicalrelid
         JOIN pg_namespace n ON n.oid = relnamespace
         WHERE o.colocationid = p.colocationid AND NOT relispartition ORDER BY c.oid) AS group,
       (SELECT coalesce(sum(pg_relation_size(relid)), 0) + pg_relation_size(p.logicalrelid) > 0
        FROM pg_partition_tree(p.logicalrelid)) AS local_rows
     FROM pg_dist_partition p WHERE p.logicalrelid = $1::oid::regclass`,
    [tableOid],
  );
  if (row?.method === "h" && row.column !== null && row.shards !== null) {
    const { column, shards: shardCount, group, local_rows: localRows } = row;
    return { kind: "distributed", column, shardCount, group, localRows };
  }
  if (row?.replication === "t") return { kind: "reference", localRows: row.local_rows };
  return row?.single ? { kind: "schema" } : { kind: "local" };
}

/** Table with its foreign keys and placement. */
interface FoundPlacedTable extends FoundKeyedTable {
  /** Undefined without Citus. */
  readonly placement: Placement | undefined;
  /** True if a new foreign key would have rows to be validated against. */
  readonly hasRows: boolean;
}

/**
 * Reads a table; undefined if it does not exist.
 *
 * @param citus Citus' version, undefined without it
 */
export async function observePlaced(
  read: Reader,
  { citus }: Pick<DatabaseFacts, "citus">,
  name: TableName,
  wanted: readonly ForeignKey[],
): Promise<FoundPlacedTable | undefined> {
  const table = await findKeyedTable(read, name);
  if (!table) return undefined;
  const placement = citus === undefined ? undefined : await readPlacement(read, table.oid);
  const isElsewhere = placement !== undefined && placement.kind !== "local";
  const asks = isElsewhere && foreignKeysDiffer(table.foreignKeys, wanted);
  return { ...table, placement, hasRows: table.hasStorage || (asks && (await hasRows(read, name))) };
}

/**
 * Converts a placement to the shape of the inputs. Declared values stay while they are still true: splits may add
 * shards to a group, and a group does not record which table started it.
 */
export function placementAsInputs(
  name: TableName,
  found: Placement & { kind: "distributed" },
  declared: DistributedTableInputs["placement"] | undefined,
): DistributedTableInputs["placement"] {
  if (declared && ("withSchema" in declared || "shardCount" in declared || found.group.includes(declared.colocateWith)))
    return declared;
  const [first] = found.group.filter((id) => declared === undefined || id !== tableId(name));
  if (first === undefined || first === tableId(name)) return { shardCount: found.shardCount };
  return { colocateWith: first };
}

export function distribute({ column, placement, ...name }: DistributedTableInputs): Statement {
  if ("withSchema" in placement) throw new Error(`${tableId(name)} is placed by Citus, with its schema`);
  const [table, by] = [literal(name), quoteLiteral(column)];
  const where =
    "shardCount" in placement
      ? `shard_count => ${placement.shardCount}, colocate_with => 'none'`
      : `colocate_with => ${colocation(placement.colocateWith)}`;
  return { sql: `SELECT create_distributed_table(${table}, ${by}, ${where})` };
}

/** Rewrites every row of the table; for another number of shards, those of its whole co-location group. */
export function redistribute(
  next: DistributedTableInputs,
  found: Placement & { kind: "distributed" },
  current: DistributedTableInputs["placement"],
): readonly Statement[] {
  const alter = (change: string) => ({ sql: `SELECT alter_distributed_table(${literal(next)}, ${change})` });
  const alone = "cascade_to_colocated => false";
  const statements: Statement[] = [];
  if (found.column !== next.column) statements.push(alter(`distribution_column => ${quoteLiteral(next.column)}`));
  const { placement } = next;
  if ("withSchema" in placement) return [];
  if ("colocateWith" in placement) {
    if (!found.group.includes(placement.colocateWith)) {
      statements.push(alter(`colocate_with => ${colocation(placement.colocateWith)}, ${alone}`));
    }
  } else if ("colocateWith" in current) {
    statements.push(alter(`shard_count => ${placement.shardCount}, colocate_with => 'none', ${alone}`));
  } else if (found.shardCount !== placement.shardCount) {
    statements.push(changeShardCount(next, placement.shardCount));
  }
  return statements;
}

export function copyToAllNodes(name: TableName): Statement {
  return { sql: `SELECT create_reference_table(${literal(name)})` };
}

/**
 * Frees the space that rows took on the coordinator before they were distributed. The rows themselves are on the
 * shards.
 */
export function truncateLocalRows(name: TableName): Statement {
  return { sql: `SELECT truncate_local_data_after_distributing_table(${literal(name)})` };
}

function literal(name: TableName): string {
  return quoteLiteral(quoteTable(name));
}

function colocation(id: string): string {
  return literal(parseTableId(id));
}

const told = new WeakSet<Database>();

/** Logged once a run, because it is true of every table. */
export function warnOfNoCitus({ database, warn }: Context): void {
  if (told.has(database)) return;
  told.add(database);
  warn(
    "Citus is not installed, and `tenantry:citus` is `auto`: NO TABLE IS DISTRIBUTED. All tables, rules and events work, " +
      "on this one server. Production wants `tenantry:citus: required`.",
  );
}
