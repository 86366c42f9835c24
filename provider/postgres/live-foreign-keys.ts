import type { ForeignKey } from "../../architecture/application";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import { type FoundTable, quoteTable, type TableName } from "./live-tables";
import type { Reader, Statement } from "./sql-statements";

/** A foreign key as the catalogs have it. */
export interface FoundForeignKey extends ForeignKey {
  /** False if existing rows have not been validated yet. */
  readonly validated: boolean;
}

/**
 * Statements for the foreign keys, each list in its own transaction, so that validating does not hold the locks of
 * adding.
 */
interface ForeignKeyPlan {
  readonly add: readonly Statement[];
  readonly validate: readonly Statement[];
}

/**
 * Adds foreign keys that are missing or different. On a plain table with rows it takes two steps, so that writers
 * wait only an instant and not until every row is validated. PostgreSQL refuses that for partitioned tables.
 */
export function planForeignKeys(
  name: TableName,
  found: readonly FoundForeignKey[],
  wanted: readonly ForeignKey[],
  table: { readonly partitioned: boolean; readonly hasRows: boolean },
): ForeignKeyPlan {
  const quoted = quoteTable(name);
  const twoSteps = table.hasRows && !table.partitioned;
  const add: Statement[] = [];
  const validate: Statement[] = [];
  for (const key of wanted) {
    const present = found.find((other) => other.name === key.name);
    const constraint = quoteIdentifier(key.name);
    const inPlace = present && sameForeignKey(present, key);
    if (present && !inPlace) add.push({ sql: `ALTER TABLE ${quoted} DROP CONSTRAINT ${constraint}` });
    if (!inPlace) add.push({ sql: `ALTER TABLE ${quoted} ADD ${definition(key)}${twoSteps ? " NOT VALID" : ""}` });
    if (inPlace ? !present.validated : twoSteps) {
      validate.push({ sql: `ALTER TABLE ${quoted} VALIDATE CONSTRAINT ${constraint}` });
    }
  }
  return { add, validate };
}

function definition({ name, columns, references, actions }: ForeignKey): string {
  const list = (names: readonly string[]) => names.map(quoteIdentifier).join(", ");
  const target = `${quoteQualified(references.schema, references.table)} (${list(references.columns)})`;
  const parts = [`CONSTRAINT ${quoteIdentifier(name)} FOREIGN KEY (${list(columns)}) REFERENCES ${target}`, actions];
  return parts.filter((part) => part !== "").join(" ");
}

/** True if both foreign keys enforce the same rule. */
export function sameForeignKey(a: ForeignKey, b: ForeignKey): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

function canonical({ name, columns, references, actions }: ForeignKey) {
  return [name, columns, references.schema, references.table, references.columns, canonicalActions(actions)];
}

/** Sorts the clauses and drops defaults, because PostgreSQL keeps neither the written order nor written defaults. */
function canonicalActions(actions: string): string[] {
  const text = actions.replace(/\s+/g, " ").trim().toUpperCase();
  const action = (event: string) =>
    new RegExp(`ON ${event} (CASCADE|RESTRICT|NO ACTION|SET NULL|SET DEFAULT)( ?\\([^)]*\\))?`).exec(text)?.[0];
  const deferrable = /(^|[^T] )DEFERRABLE/.test(text) || /INITIALLY DEFERRED/.test(text);
  return [
    /MATCH FULL/.exec(text)?.[0],
    action("UPDATE"),
    action("DELETE"),
    deferrable ? "DEFERRABLE" : undefined,
    /INITIALLY DEFERRED/.exec(text)?.[0],
  ].filter((clause) => clause !== undefined && !clause.endsWith("NO ACTION")) as string[];
}

/** Table with its foreign keys, without those that its partitions inherit. */
export interface FoundKeyedTable extends FoundTable {
  readonly foreignKeys: readonly FoundForeignKey[];
  /** False if the table itself never stored a row. Its partitions, and shards on other nodes, are not checked. */
  readonly hasStorage: boolean;
}

/** All in one look, as each table is looked at several times. */
export async function findKeyedTable(read: Reader, { schema, table }: TableName): Promise<FoundKeyedTable | undefined> {
  const [found] = await read<FoundTable & { has_storage: boolean; foreign_keys: readonly Row[] }>(keyedTable, [
    schema,
    table,
  ]);
  if (!found) return undefined;
  const { has_storage: hasStorage, foreign_keys: keys, ...rest } = found;
  return { ...rest, hasStorage, foreignKeys: keys.map(asForeignKey) };
}

function asForeignKey({ definition: text, ref_schema, ref_table, ref_columns, ...row }: Row): FoundForeignKey {
  return {
    ...row,
    references: { schema: ref_schema, table: ref_table, columns: ref_columns },
    actions: actionsOf(text),
  };
}

interface Row {
  readonly name: string;
  readonly columns: readonly string[];
  readonly ref_schema: string;
  readonly ref_table: string;
  readonly ref_columns: readonly string[];
  readonly definition: string;
  readonly validated: boolean;
}

const columnNames = (
  oid: string,
  numbers: string,
) => `ARRAY(SELECT attname::text FROM unnest(${numbers}) WITH ORDINALITY AS k(n, o)
      JOIN pg_attribute ON attrelid = ${oid} AND attnum = k.n ORDER BY k.o)`;

const keyedTable = `
  SELECT c.oid::text AS oid, c.relkind = 'p' AS partitioned, pg_relation_size(c.oid) > 0 AS has_storage,
    coalesce((SELECT json_agg(json_build_object('name', conname, 'columns', ${columnNames("conrelid", "conkey")},
        'ref_schema', f.nspname, 'ref_table', r.relname, 'ref_columns', ${columnNames("confrelid", "confkey")},
        'definition', pg_get_constraintdef(k.oid), 'validated', convalidated) ORDER BY conname)
      FROM pg_constraint k JOIN pg_class r ON r.oid = confrelid JOIN pg_namespace f ON f.oid = r.relnamespace
      WHERE conrelid = c.oid AND contype = 'f' AND conparentid = 0), '[]') AS foreign_keys
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`;

/** Whatever follows the referenced columns. Names may hold parentheses, but only within quotes. */
function actionsOf(constraintDefinition: string): string {
  const match =
    /^FOREIGN KEY \((?:"(?:[^"]|"")*"|[^"()])*\) REFERENCES (?:"(?:[^"]|"")*"|[^"()])*\((?:"(?:[^"]|"")*"|[^"()])*\)(.*)$/s.exec(
      constraintDefinition,
    );
  return (match?.[1] ?? "").replace(/\s*NOT VALID$/, "").trim();
}

/** In the shape of the inputs: what is there under the names that are declared, or all of them. */
export function foreignKeysAsInputs(
  found: readonly FoundForeignKey[],
  declared: readonly ForeignKey[] | undefined,
): readonly ForeignKey[] {
  const names = declared && new Set(declared.map(({ name }) => name));
  return found
    .filter(({ name, validated }) => validated && (!names || names.has(name)))
    .map(({ validated: _, ...key }) => key);
}

/** Whether anything that is declared is missing or different. */
export function foreignKeysDiffer(old: readonly ForeignKey[], next: readonly ForeignKey[]): boolean {
  return next.some((key) => !old.some((other) => sameForeignKey(other, key)));
}
