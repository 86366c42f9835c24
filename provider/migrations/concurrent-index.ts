import { createHash } from "node:crypto";
import type { Client } from "pg";
import { maxIdentifierBytes, quoteIdentifier, quoteQualified } from "../../common/identifier";
import { type PlacedStatement, runStatement } from "../postgres/sql-statements";

/** Parts of a CREATE INDEX CONCURRENTLY, as written. */
interface ConcurrentIndex {
  readonly head: string;
  readonly unlessExists: string;
  readonly name: string;
  readonly only: boolean;
  readonly table: string;
  /** Text from the method or the columns on. */
  readonly rest: string;
}

const word = '(?:"(?:[^"]|"")+"|[\\w$]+)';
const statement = new RegExp(
  `\\b(CREATE\\s+(?:UNIQUE\\s+)?INDEX)\\s+CONCURRENTLY\\s+(IF\\s+NOT\\s+EXISTS\\s+)?(${word})\\s+ON\\s+(ONLY\\s+)?((?:${word}\\s*\\.\\s*)?${word})([^]*)`,
  "i",
);

function parse(sql: string): ConcurrentIndex | undefined {
  const [, head, unlessExists = "", name, only, table, rest = ""] = statement.exec(sql) ?? [];
  if (head === undefined || name === undefined || table === undefined) return undefined;
  return { head, unlessExists, name: asStored(name), only: only !== undefined, table, rest };
}

function asStored(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
}

/**
 * Builds an index without blocking writers, also after an interrupted run. PostgreSQL refuses this for a partitioned
 * table in one statement. There an empty index is created first; each partition's index is built and attached to it,
 * and with the last one it becomes valid. Partitions created meanwhile have the index from the start.
 *
 * @returns true if this was such a statement
 */
export async function createConcurrently(
  client: Client,
  placed: PlacedStatement,
  log: (message: string) => void,
): Promise<boolean> {
  const index = parse(placed.sql);
  if (!index) return false;
  const [table] = await read<Relation>(client, `${relationSql} WHERE c.oid = to_regclass($1)`, [index.table]);
  if (table?.partitioned && !index.only) await createOnAll(client, placed, index, table, log);
  else {
    await dropInvalid(client, table, index.name, log);
    await runStatement(client, placed);
  }
  return true;
}

interface Relation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
}

const relationSql = `SELECT c.oid::text AS oid, nspname AS schema, c.relname AS name, relkind = 'p' AS partitioned
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace`;

async function createOnAll(
  client: Client,
  { at }: PlacedStatement,
  index: ConcurrentIndex,
  table: Relation,
  log: (message: string) => void,
): Promise<void> {
  const { head, unlessExists, name, rest } = index;
  const run = (sql: string) => runStatement(client, { sql, ...(at && { at }) });
  const briefly = async (sql: string) => {
    await client.query("SET lock_timeout = '5s'");
    await run(sql);
    await client.query("SET lock_timeout = 0");
  };
  // An invalid index was started by an earlier run.
  if (!(await isInvalid(client, table, name))) {
    await briefly(`${head} ${unlessExists}${quoteIdentifier(name)} ON ONLY ${quoted(table)}${rest}`);
  }
  const own = quoted({ schema: table.schema, name });
  const without = await read<Relation>(
    client,
    `${relationSql} JOIN pg_inherits ON inhrelid = c.oid WHERE inhparent = $1::oid AND NOT EXISTS (
       SELECT FROM pg_index i JOIN pg_inherits part ON part.inhrelid = i.indexrelid
       WHERE i.indrelid = c.oid AND part.inhparent = to_regclass($2)) ORDER BY 3`,
    [table.oid, own],
  );
  for (const partition of without) {
    const part = { ...index, name: partName(partition.name, name), unlessExists: "IF NOT EXISTS " };
    if (partition.partitioned) await createOnAll(client, { sql: "", ...(at && { at }) }, part, partition, log);
    else {
      await dropInvalid(client, partition, part.name, log);
      await run(`${head} CONCURRENTLY IF NOT EXISTS ${quoteIdentifier(part.name)} ON ${quoted(partition)}${rest}`);
    }
    await briefly(`ALTER INDEX ${own} ATTACH PARTITION ${quoted({ schema: partition.schema, name: part.name })}`);
    log(`the index ${name} is built on ${partition.name}`);
  }
}

/** Name that is the same at every run, and fits PostgreSQL's 63 bytes. */
function partName(partition: string, index: string): string {
  const name = `${partition}_${index}`;
  if (Buffer.byteLength(name) <= maxIdentifierBytes) return name;
  const start = Buffer.from(name)
    .subarray(0, 54)
    .toString()
    .replace(/\uFFFD+$/, "");
  return `${start}_${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
}

const quoted = ({ schema, name }: Pick<Relation, "schema" | "name">) => quoteQualified(schema, name);

async function isInvalid(client: Client, table: Relation | undefined, name: string): Promise<boolean> {
  const rows = await read(
    client,
    `SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = $1::oid AND relname = $2 AND NOT indisvalid`,
    [table?.oid, name],
  );
  return rows.length > 0;
}

/** Drops the rest of an interrupted build, which only costs and occupies the name. */
async function dropInvalid(
  client: Client,
  table: Relation | undefined,
  name: string,
  log: (message: string) => void,
): Promise<void> {
  if (!table || !(await isInvalid(client, table, name))) return;
  log(`dropping the invalid index ${name} that an interrupted run has left`);
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted({ schema: table.schema, name })}`);
}

async function read<Row extends object>(client: Client, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return (await client.query<Row>(sql, [...values])).rows;
}
