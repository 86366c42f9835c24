import { basename } from "node:path";
import { z } from "zod";
import { durationExpected, parseDuration } from "../../common/duration";
import { maxIdentifierBytes, quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Place, Problem } from "../../common/problem";
import type { Source } from "../../common/source";
import { parseYaml } from "../../common/yaml-file";
import { parseSql } from "../sql/sql-parser";
import { parseExpression } from "./expression";
import type { Expression, SchemaChange } from "./schema-change";

/** A change, parsed, and the places of its parts. */
export interface ChangeFile {
  readonly change: SchemaChange;
  placeOf(...path: string[]): Place;
}

const column = z
  .string("a column's name")
  .min(1, "a column's name")
  .refine((name) => Buffer.byteLength(name) <= maxIdentifierBytes, `at most ${maxIdentifierBytes} bytes`);

/** YAML reads NULL, numbers and booleans as such; in SQL they mean the same. */
const written = z.preprocess(
  (value) =>
    value === null ? "NULL" : typeof value === "number" || typeof value === "boolean" ? String(value) : value,
  z.string("an SQL expression, such as `(total * 100)::bigint`"),
);

const expression = written.transform((text, context) => {
  const parsed = parseExpression(text);
  if (typeof parsed !== "string") return parsed;
  context.addIssue({
    code: "custom",
    input: text,
    message: `an SQL expression over columns of the table (here: ${parsed})`,
  });
  return z.NEVER as Expression;
});

const type = z.string("a type, such as `bigint`").refine(isType, "one type of PostgreSQL, such as `numeric(12, 2)`");

const soak = z.string(durationExpected).transform((text, context) => {
  const parsed = parseDuration(text);
  if (parsed) return parsed;
  context.addIssue({ code: "custom", input: text, message: durationExpected });
  return z.NEVER;
});

const schema = z.strictObject(
  {
    table: z.string("the table's name").min(1, "the table's name"),
    add: z
      .record(
        column,
        z.strictObject(
          { type, from: expression, notNull: z.boolean("true or false").default(false) },
          "an object such as `{ type: bigint, from: (total * 100)::bigint, notNull: true }`",
        ),
        "columns by name",
      )
      .default({}),
    drop: z.record(column, expression, "columns by name, each with its value for the old release").default({}),
    soak: soak.prefault("7 days"),
  },
  "an object with `table`, and with `add`, `drop` or both",
);

/** True if a column of this type could be declared, and nothing else. */
function isType(text: string): boolean {
  const { statements, problems } = parseSql({ path: "type", text: `CREATE TABLE t (c ${text})` });
  const [statement, ...others] = statements;
  if (problems.length > 0 || others.length > 0 || !statement || !("CreateStmt" in statement.node)) return false;
  const [element, ...more] = statement.node.CreateStmt.tableElts ?? [];
  if (more.length > 0 || !element || !("ColumnDef" in element)) return false;
  return !element.ColumnDef.constraints && !element.ColumnDef.collClause;
}

const fileName = /^(\d{3,}_[a-z0-9][a-z0-9_]*)\.yaml$/;
/** A longer name would be cut, because the trigger's name has a prefix, and Citus appends a shard's number. */
const longestName = 40;

/** Parses `sql/APP/changes/NNN_NAME.yaml`. PostgreSQL's parser must be loaded. */
export function parseChangeFile(source: Source): ChangeFile | Problem[] {
  const name = fileName.exec(basename(source.path))?.[1];
  if (name === undefined || name.length > longestName) return [badName(source)];
  const parsed = parseYaml(source, { schema, noun: "The schema change" });
  if (Array.isArray(parsed)) return parsed;
  const { value, placeOf } = parsed;
  const add = Object.entries(value.add).map(([name, column]) => ({ name, ...column }));
  const drop = Object.entries(value.drop).map(([name, from]) => ({ name, from }));
  if (add.length === 0 && drop.length === 0) return [changesNothing(source)];
  return { change: { name, source, table: value.table, add, drop, soak: value.soak }, placeOf };
}

function badName({ path }: Source): Problem {
  return {
    what: "The name of the file does not say in which order the change comes",
    got: basename(path),
    expected: `a number of three digits or more, \`_\` and a name in lower case, ${longestName} characters at most: \`085_total_in_cents.yaml\``,
    fix: "Rename the file; the number orders it among the SQL files",
    at: { file: path },
  };
}

function changesNothing({ path }: Source): Problem {
  return {
    what: "The schema change adds no column and drops none",
    fix: "Add `add`, `drop` or both, or remove the file",
    at: { file: path },
  };
}

/** The columns that the change adds, as SQL for the catalog. Statements of later files may use them. */
export function addedColumns(schema: string, { source, table, add }: SchemaChange): Source {
  const name = quoteQualified(schema, table);
  const statements = add.map((each) => `ALTER TABLE ${name} ADD COLUMN ${quoteIdentifier(each.name)} ${each.type};\n`);
  return { path: source.path, text: statements.join("") };
}
