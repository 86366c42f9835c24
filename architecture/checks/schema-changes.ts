import { basename } from "node:path";
import type { Problem } from "../../common/problem";
import { listNames, suggest } from "../../common/suggestion";
import { type Catalog, type CatalogTable, primaryKey } from "../catalog/catalog";
import type { ChangeFile } from "../changes/change-file";
import type { Expression, SchemaChange } from "../changes/schema-change";
import type { Description } from "../description";
import { ownEntry } from "./check";
import { fileNumber } from "./file-names";

/**
 * Checks that the changes fit the tables of the SQL files and each other.
 *
 * @param catalog the tables as the SQL files alone leave them
 * @param files paths of the SQL files
 */
export function checkSchemaChanges(
  changes: readonly ChangeFile[],
  catalog: Catalog,
  description: Description,
  files: readonly string[],
): Problem[] {
  const byNumber = new Map(files.map((path) => [fileNumber(path), path]));
  return changes.flatMap((each, index) => {
    const { change } = each;
    const other = byNumber.get(fileNumber(change.source.path));
    byNumber.set(fileNumber(change.source.path), change.source.path);
    const problems = other === undefined ? [] : [sameNumber(change, other)];
    const table = catalog.tables.get(change.table);
    if (!table) return [...problems, noTable(each, catalog)];
    const earlier = changes.slice(0, index).map(({ change }) => change);
    return [...problems, ...checkColumns(each, table, earlier), ...checkDropped(each, table, catalog, description)];
  });
}

function checkColumns(
  { change, placeOf }: ChangeFile,
  table: CatalogTable,
  earlier: readonly SchemaChange[],
): Problem[] {
  const known = new Set(table.columns.keys());
  for (const { table: own, add, drop } of earlier) {
    if (own !== change.table) continue;
    for (const { name } of add) known.add(name);
    for (const { name } of drop) known.delete(name);
  }
  const added = new Set(change.add.map(({ name }) => name));
  const dropped = new Set(change.drop.map(({ name }) => name));
  const problems: Problem[] = [];
  const uses = (column: string, key: "add" | "drop", from: Expression, accepted: ReadonlySet<string>, hint: string) => {
    for (const { name } of from.columns) {
      if (accepted.has(name)) continue;
      const meant = suggest(name, accepted);
      problems.push({
        what: `The expression for \`${column}\` uses a column that it may not use`,
        got: name,
        expected: `${hint}: ${listNames(accepted)}`,
        fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Correct the expression",
        at: key === "add" ? placeOf(key, column, "from") : placeOf(key, column),
      });
    }
  };
  for (const { name, from } of change.add) {
    if (known.has(name)) {
      problems.push({
        what: `Table \`${change.table}\` has the column \`${name}\` already`,
        fix: "Choose another name for the new column",
        at: placeOf("add", name),
      });
    }
    uses(name, "add", from, known, `columns that \`${change.table}\` has before the change`);
  }
  for (const { name, from } of change.drop) {
    if (!known.has(name)) {
      const meant = suggest(name, known);
      problems.push({
        what: `Table \`${change.table}\` has no column \`${name}\` to drop`,
        expected: listNames(known),
        fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Name one of its columns, or remove the line",
        at: placeOf("drop", name),
      });
    }
    const left = new Set([...known, ...added].filter((each) => !dropped.has(each)));
    uses(name, "drop", from, left, `columns that \`${change.table}\` has after the change`);
  }
  return problems;
}

function checkDropped(
  { change, placeOf }: ChangeFile,
  table: CatalogTable,
  { tables }: Catalog,
  description: Description,
): Problem[] {
  if (!primaryKey(table)) {
    return [
      {
        what: `Table \`${change.table}\` has no primary key, by which its rows could be changed batch by batch`,
        fix: "Add a primary key first",
        at: placeOf("table"),
      },
    ];
  }
  const referring = [...tables.values()].flatMap(({ name, foreignKeys }) =>
    foreignKeys
      .filter(({ references }) => references.table === change.table)
      .map((key) => ({ what: `foreign key \`${key.name}\` of \`${name}\``, columns: key.references.columns })),
  );
  const uses = [
    ...table.keys.map(({ kind, name, columns }) => ({ what: `${kind} \`${name}\``, columns })),
    ...table.foreignKeys.map(({ name, columns }) => ({ what: `foreign key \`${name}\``, columns })),
    ...referring,
    { what: "partition key", columns: table.partitioning?.columns ?? [] },
    { what: "tenant column", columns: ownEntry(description, change.table)?.tenant ? [description.tenant.column] : [] },
  ];
  return change.drop.flatMap(({ name }): Problem[] => {
    const use = uses.find(({ columns }) => columns.includes(name));
    const isGenerated = table.columns.get(name)?.generated === true;
    if (!use && !isGenerated) return [];
    return [
      {
        what: use
          ? `\`${change.table}.${name}\` can't be dropped by a schema change: the ${use.what} would go with it`
          : `\`${change.table}.${name}\` is generated, so no release can write it`,
        fix: use
          ? "Create a table with the new key, copy the rows, and switch the application to it"
          : "Drop it in a SQL file, once no release reads it",
        at: placeOf("drop", name),
      },
    ];
  });
}

function noTable({ change, placeOf }: ChangeFile, { tables }: Catalog): Problem {
  const meant = suggest(change.table, tables.keys());
  return {
    what: `The schema change names a table that no SQL file creates`,
    got: change.table,
    expected: listNames(tables.keys()),
    fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Name one of these tables",
    at: placeOf("table"),
  };
}

function sameNumber({ source }: SchemaChange, other: string): Problem {
  return {
    what: `Two files have the same number: \`${basename(other)}\` and \`${basename(source.path)}\``,
    fix: "Renumber the schema change, unless a stack has begun it",
    at: { file: source.path },
  };
}
