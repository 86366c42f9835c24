import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { type Duration, formatDuration } from "../../common/duration";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import type { Problem } from "../../common/problem";
import type { DatabaseFacts } from "../postgres/database";
import { quoteTable, type TableName, tableId } from "../postgres/live-tables";
import type { Statement } from "../postgres/sql-statements";

/** Installed pg_partman. Its version decides the syntax, its schema the names. */
export type Partman = NonNullable<DatabaseFacts["partman"]>;

/** Hands a partitioned table to pg_partman. It gets partitions for now and ahead, and as many for the time before. */
export function createParent(next: PartitionSetInputs, partman: Partman): Statement {
  const old = isVersion4(partman);
  const truncation = truncationOf(next.every);
  const settings = [
    `p_parent_table => ${parent(next)}`,
    `p_control => ${quoteLiteral(next.by)}`,
    `p_type => '${old ? "native" : "range"}'`,
    `p_interval => ${quoteLiteral(formatDuration(next.every))}`,
    `p_premake => ${next.ahead}`,
    ...(truncation ? [`p_date_trunc_interval => '${truncation}'`] : []),
    ...(old ? [] : ["p_default_table => false"]),
  ];
  return { sql: `SELECT ${quoteIdentifier(partman.schema)}.create_parent(\n  ${settings.join(",\n  ")}\n)` };
}

/**
 * Finds the default partition that version 4 always creates. It is dropped in the same transaction, before it can
 * hold a row. With it, a single row with a wrong date is accepted silently, and stops the creation of partitions, for
 * all sets, on the day of that row. Without it, the row is refused.
 */
export function findDefault(name: TableName): Statement {
  return {
    sql: `SELECT nspname AS schema, relname AS table FROM pg_partitioned_table
JOIN pg_class c ON c.oid = partdefid JOIN pg_namespace n ON n.oid = relnamespace WHERE partrelid = $1::regclass`,
    values: [quoteTable(name)],
  };
}

/** Settings that `create_parent` does not take, and those that may change. */
export function configure(next: PartitionSetInputs, partman: Partman): Statement {
  const retention = next.dropAfter === "retention" ? next.retention : undefined;
  return {
    sql: `UPDATE ${config(partman)}
SET premake = ${next.ahead}, retention = ${retention === undefined ? "NULL" : quoteLiteral(formatDuration(retention))},
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = ${parent(next)}`,
  };
}

/** Creates missing partitions now instead of in the worker's next round. */
export function maintain(next: TableName, partman: Partman): Statement {
  return { sql: `SELECT ${quoteIdentifier(partman.schema)}.run_maintenance(${parent(next)})` };
}

/** Removes the set from pg_partman, and its empty template table. The partitions stay. */
export function forget(name: TableName, template: string | undefined, partman: Partman): readonly Statement[] {
  const [schema = "", table] = template?.split(".") ?? [];
  const isOurs = schema === partman.schema && table !== undefined;
  return [
    { sql: `DELETE FROM ${config(partman)} WHERE parent_table = ${parent(name)}` },
    ...(isOurs ? [dropTemplate({ schema, table }, partman)] : []),
  ];
}

/** Two tables with long names may share a template, because pg_partman cuts its name. */
function dropTemplate(template: TableName, partman: Partman): Statement {
  const unless = `SELECT FROM ${config(partman)} WHERE template_table = ${quoteLiteral(tableId(template))}`;
  const body = `BEGIN IF NOT EXISTS (${unless}) THEN DROP TABLE IF EXISTS ${quoteTable(template)}; END IF; END`;
  return { sql: `DO ${quoteLiteral(body)}` };
}

/** Reads pg_partman's row of the set, or none. */
export function readConfig(name: TableName, partman: Partman): Statement {
  return {
    sql: `SELECT control, partition_interval::interval::text AS every, premake AS ahead,
  retention::interval::text AS retention, template_table AS template,
  infinite_time_partitions AND automatic_maintenance = 'on' AND NOT retention_keep_table AS maintained
FROM ${config(partman)} WHERE parent_table = $1`,
    values: [tableId(name)],
  };
}

/** Problems with features that this version lacks. */
export function limitsOf(next: PartitionSetInputs, partman: Partman): readonly Problem[] {
  if (truncationOf(next.every) !== "quarter" || !isVersion4(partman)) return [];
  return [
    {
      what: `Partitions of ${tableId(next)} by quarter need pg_partman 5: version 4 names them in a way that 5 refuses to go on with`,
      got: `every: ${formatDuration(next.every)}, with pg_partman ${partman.version}`,
      fix: "partition by `1 month`, or upgrade pg_partman first",
    },
  ];
}

function isVersion4({ version }: Partman): boolean {
  return Number.parseInt(version, 10) < 5;
}

/** Without it, weeks would begin on the weekday, and quarters in the month, in which the set was created. */
function truncationOf({ count, unit }: Duration): "week" | "quarter" | undefined {
  if (unit === "week") return "week";
  return unit === "month" && count === 3 ? "quarter" : undefined;
}

function config({ schema }: Partman): string {
  return `${quoteIdentifier(schema)}.part_config`;
}

/** pg_partman stores names as text, unquoted. */
function parent(name: TableName): string {
  return quoteLiteral(tableId(name));
}
