import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../common/identifier";
import type { Statement } from "../postgres/sql-statements";

/** The trigger, and the function behind it, that keep the columns of both releases equal in each row. */
export function syncName({ change }: Pick<SchemaChangeInputs, "change">): string {
  return `tenantry_${change}`;
}

export function createSync(next: SchemaChangeInputs): readonly Statement[] {
  const { schema, table } = next;
  const trigger = syncName(next);
  const [name, target] = [quoteQualified(schema, trigger), quoteQualified(schema, table)];
  return [
    // Citus refuses triggers because one could reach into another shard. This one only changes the row that it is given.
    { sql: "SET LOCAL citus.enable_unsafe_triggers = on" },
    {
      sql: `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, ${quoteIdentifier(schema)}, public, pg_temp
AS ${quoteLiteral(syncBody(next))}`,
    },
    { sql: `REVOKE EXECUTE ON FUNCTION ${name}() FROM PUBLIC` },
    { sql: `DROP TRIGGER IF EXISTS ${quoteIdentifier(trigger)} ON ${target}` },
    {
      sql: `CREATE TRIGGER ${quoteIdentifier(trigger)} BEFORE INSERT OR UPDATE ON ${target}
  FOR EACH ROW EXECUTE FUNCTION ${name}()`,
    },
  ];
}

export function dropSync(next: SchemaChangeInputs): readonly Statement[] {
  const trigger = syncName(next);
  return [
    { sql: "SET LOCAL citus.enable_unsafe_triggers = on" },
    { sql: `DROP TRIGGER IF EXISTS ${quoteIdentifier(trigger)} ON ${quoteQualified(next.schema, next.table)}` },
    { sql: `DROP FUNCTION IF EXISTS ${quoteQualified(next.schema, trigger)}()` },
  ];
}

/**
 * The side that a statement writes decides. A row whose new columns are empty is of the old release, or was not filled
 * yet. An INSERT that gives a new column a value comes from the new release, because the old one does not know the
 * column, and it has no default. The backfill fills the new columns from the old ones, which therefore stay as they are.
 */
function syncBody({ add, drop }: SchemaChangeInputs): string {
  const fill = indented(add.map(({ name, valueOfNew }) => `NEW.${quoteIdentifier(name)} := ${valueOfNew};`));
  const restore = indented(drop.map(({ name, valueOfNew }) => `NEW.${quoteIdentifier(name)} := ${valueOfNew};`));
  // OLD is NULL in an INSERT.
  const isEmpty = (columns: readonly { readonly name: string }[], ...records: readonly string[]) =>
    records.flatMap((record) => columns.map(({ name }) => `${record}.${quoteIdentifier(name)} IS NULL`)).join(" AND ");
  const changed = (columns: readonly { readonly name: string }[]) => {
    const row = (record: string) =>
      `ROW(${columns.map(({ name }) => `${record}.${quoteIdentifier(name)}`).join(", ")})`;
    return `${row("NEW")} IS DISTINCT FROM ${row("OLD")}`;
  };
  if (drop.length === 0) return block([`IF ${isEmpty(add, "NEW")} THEN`, ...fill, "END IF;"]);
  if (add.length === 0) return block([`IF ${isEmpty(drop, "NEW")} THEN`, ...restore, "END IF;"]);
  const isFilled = add.map(({ name, valueOfNew }) => `NEW.${quoteIdentifier(name)} IS NOT DISTINCT FROM ${valueOfNew}`);
  return block([
    `IF ${isEmpty(add, "NEW", "OLD")} THEN`,
    ...fill,
    "ELSIF TG_OP = 'INSERT' THEN",
    ...restore,
    `ELSIF ${changed(add)} THEN`,
    `  IF NOT (${isFilled.join(" AND ")}) THEN`,
    ...indented(restore),
    "  END IF;",
    `ELSIF ${changed(drop)} THEN`,
    ...fill,
    "END IF;",
  ]);
}

function block(lines: readonly string[]): string {
  return ["", "BEGIN", ...indented(lines), "  RETURN NEW;", "END", ""].join("\n");
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
