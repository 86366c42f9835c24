import type { ClientBase, CustomTypesConfig, DatabaseError } from "pg";
import { quoteIdentifier, quoteQualified } from "../common/identifier";
import { canary } from "./canary";
import { candidates } from "./dummy";
import type { CatalogForeignKey, CatalogTable, CheckConstraint, Column } from "./live-catalog";
import type { Relation } from "./target";

/** Row with its values as text, by column. */
export type Row = Readonly<Record<string, string | null>>;

/** Combinations of values that are tried for a table's CHECK constraints. */
const maxAttempts = 40;

/** Error of a table into which no row could be written. */
export class NoRow extends Error {}

interface RowOptions {
  /** True to also fill optional columns with canaries, unless the table refuses. @default false */
  readonly plant?: boolean;
}

/** Finds the row that a foreign key refers to: one written before, or an existing row of a shared table. */
export type FindParent = (key: CatalogForeignKey) => Promise<Row | undefined>;

/**
 * Writes a row with invented values for the required columns, and with `fixed`. It varies values that a CHECK
 * refuses, and undoes each failed attempt.
 *
 * @throws NoRow if no combination was accepted
 */
export async function writeRow(
  client: ClientBase,
  table: CatalogTable,
  fixed: Row,
  findParent: FindParent,
  options: RowOptions = {},
): Promise<Row> {
  const insert = await planRow(table, fixed, findParent, options);
  for (let attempt = 0; ; attempt += 1) {
    const { sql, values } = insert.statement();
    await client.query("SAVEPOINT row");
    try {
      const text = `${sql} RETURNING ${returning(table)}`;
      const { rows } = await client.query<Row>({ text, values: [...values], types: asText });
      await client.query("RELEASE row");
      return rows[0] ?? {};
    } catch (error) {
      await client.query("ROLLBACK TO row; RELEASE row");
      if (attempt >= maxAttempts || !insert.vary(error)) throw new NoRow(message(error), { cause: error });
    }
  }
}

/** Planned INSERT, whose values can be varied after an error. */
export interface PlannedRow {
  statement(): { readonly sql: string; readonly values: readonly (string | null)[] };
  /** Varies the values that the error is about. Returns false if none is left. */
  vary(error: unknown): boolean;
}

/** Plans the INSERT of an invented row. @throws NoRow for an unknown type, and for a missing parent row */
export async function planRow(
  table: CatalogTable,
  fixed: Row,
  findParent: FindParent,
  { plant = false }: RowOptions = {},
): Promise<PlannedRow> {
  const given = new Map(Object.entries(fixed));
  for (const key of table.foreignKeys) await referToParent(table, key, given, findParent);
  const referring = new Set(table.foreignKeys.flatMap(({ columns }) => columns));
  // Undefined leaves the column out.
  const invented = new Map<string, { readonly values: readonly (string | undefined)[]; index: number }>();
  for (const column of table.columns.filter(({ name }) => !given.has(name))) {
    const { name, isNeeded } = column;
    if (!isNeeded && (!plant || isSettled(column) || referring.has(name))) continue;
    const planted = plant ? canary(column) : undefined;
    const values = [
      ...(planted === undefined ? [] : [planted]),
      ...(isNeeded ? candidates(column, table.checks) : [undefined]),
    ];
    if (values.length === 0) throw new NoRow(`no value is known for ${name} of type ${column.type}`);
    invented.set(name, { values, index: 0 });
  }
  const chosen = (name: string) => {
    const choice = invented.get(name);
    return choice ? choice.values[choice.index] : given.get(name);
  };
  return {
    statement() {
      // A generated column is left out even if a foreign key uses it: the database computes it from the others.
      const columns = table.columns.filter(({ name, isGenerated }) => !isGenerated && chosen(name) !== undefined);
      const values = columns.map(({ name }) => chosen(name) ?? null);
      return { sql: insertSql(table, columns), values };
    },
    vary(error) {
      for (const name of blamed(table, error)) {
        const choice = invented.get(name);
        if (!choice) continue;
        choice.index = (choice.index + 1) % choice.values.length;
        // Like an odometer: the next column advances when this one has wrapped around.
        if (choice.index > 0) return true;
      }
      return false;
    },
  };
}

/** True if the database gives the value. A number taken from a sequence would be missing there. */
function isSettled({ isGenerated, isNumbered }: Column): boolean {
  return isGenerated || isNumbered;
}

async function referToParent(
  table: CatalogTable,
  key: CatalogForeignKey,
  given: Map<string, string | null>,
  find: FindParent,
) {
  const open = key.columns.filter((name) => !given.has(name));
  const isNeeded = (name: string) => table.columns.some((column) => column.name === name && column.isNeeded);
  if (!open.some(isNeeded)) return;
  const parent = await find(key);
  if (!parent) throw new NoRow(`${key.parent.schema}.${key.parent.name}, to which it refers, has no row`);
  for (const [index, name] of key.columns.entries()) {
    if (!given.has(name)) given.set(name, parent[key.parentColumns[index] ?? ""] ?? null);
  }
}

function insertSql(table: Relation, columns: readonly Column[]): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const values = columns.map(({ type }, index) => `$${index + 1}::${type}`);
  return `INSERT INTO ${quoteQualified(table.schema, table.name)} (${names.join(", ")}) VALUES (${values.join(", ")})`;
}

function returning({ columns }: CatalogTable): string {
  return columns.map(({ name }) => quoteIdentifier(name)).join(", ");
}

/**
 * Keeps values as PostgreSQL sent them. Citus refuses a cast to text in RETURNING, because it may depend on settings.
 */
export const asText: CustomTypesConfig = { getTypeParser: () => (value: string) => value };

/** Columns that an error is about, if it says so. A partition's keys have other names. */
function blamed({ checks, columns, keys = [] }: CatalogTable, error: unknown): readonly string[] {
  const { code, dataType, column } = error as Partial<DatabaseError>;
  const constraint = constraintOf(error as Partial<DatabaseError>);
  const broken: CheckConstraint | undefined = checks.find(({ name }) => name === constraint);
  if (code === "23514" && broken) return broken.columns;
  if (code === "23514" && dataType) return columns.filter(({ domain }) => domain === dataType).map(({ name }) => name);
  if (code === "23505" || code === "23P01") {
    const broken = keys.filter(({ name }) => name === constraint);
    return (broken.length > 0 ? broken : keys).flatMap((key) => key.columns);
  }
  if (column) return [column];
  return [];
}

/** Constraint that a row broke. Citus forwards the message of a shard's error, but not its fields. */
export function constraintOf({ constraint, message = "" }: Partial<DatabaseError>): string | undefined {
  return constraint ?? /constraint "([^"]+)"/.exec(message)?.[1];
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
