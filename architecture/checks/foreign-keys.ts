import type { Problem } from "../../common/problem";
import { suggest } from "../../common/suggestion";
import type { CatalogForeignKey, CatalogTable } from "../catalog/catalog";
import { type Checked, isDeferred, kindOf, ownEntry } from "./check";
import { checkMoment } from "./tenant-tables";
import { ageInDatabase, checkAging, retentionOf } from "./tiers";

/** Checks that foreign keys join co-located tables, and can be added in some order. */
export function checkForeignKeys(checked: Checked): Problem[] {
  const tables = [...checked.catalog.tables.values()];
  return [
    ...tables.flatMap((table) => table.foreignKeys.flatMap((key) => checkForeignKey(checked, table, key))),
    ...checkCycles(checked),
  ];
}

function checkForeignKey(checked: Checked, table: CatalogTable, key: CatalogForeignKey): Problem[] {
  const { catalog, description, schema } = checked;
  const target = catalog.tables.get(key.references.table);
  const { at } = key;
  if (key.references.schema !== schema) {
    const target = `${key.references.schema}.${key.references.table}`;
    return [
      {
        what: `Foreign key \`${key.name}\` refers to \`${target}\`, which is not in the application's schema`,
        got: key.references.schema,
        expected: schema,
        fix: "Remove the foreign key, or create the table in the application's schema",
        at,
      },
    ];
  }
  if (!target) {
    const meant = suggest(key.references.table, catalog.tables.keys());
    return [
      {
        what: `Foreign key \`${key.name}\` refers to \`${key.references.table}\`, which no SQL file creates`,
        fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Create the table, or remove the foreign key",
        at,
      },
    ];
  }
  if (kindOf(description, table.name) === undefined || kindOf(description, target.name) === undefined) return [];
  return [
    ...checkCoLocation(checked, table, key, target),
    ...checkColumns(table, key, target),
    ...checkOrder(checked, table, key, target),
    ...(isDeferred(checked.description, table, key) ? checkRenames(table, key, target) : []),
    ...checkActions(checked, table, key),
    ...checkRetention(checked, table, key, target),
  ];
}

function checkCoLocation(
  checked: Checked,
  table: CatalogTable,
  key: CatalogForeignKey,
  target: CatalogTable,
): Problem[] {
  const from = kindOf(checked.description, table.name);
  const to = kindOf(checked.description, target.name);
  const { column } = checked.description.tenant;
  const what = `Foreign key \`${key.name}\` joins tables that are not co-located`;
  const got = `${from} table \`${table.name}\` to ${to} table \`${target.name}\``;
  const { at } = key;
  if (from === "tenant" && to === "tenant") {
    const position = key.columns.indexOf(column);
    if (position !== -1 && key.references.columns[position] === column) return [];
    return [
      {
        what: `Foreign key \`${key.name}\` can join rows of two tenants: \`${column}\` does not refer to \`${column}\``,
        got: `(${key.columns.join(", ")}) to ${target.name} (${key.references.columns.join(", ")})`,
        expected: `(${column}, …) to ${target.name} (${column}, …)`,
        fix: `Add \`${column}\` on both sides, at the same position`,
        at,
      },
    ];
  }
  if (to === from || (from === "tenant" && to === "reference")) return [];
  const expected = {
    tenant: "tenant tables refer to tenant and reference tables",
    reference: "reference tables refer to reference tables",
    local: "local tables refer to local tables",
  }[from ?? "local"];
  return [{ what, got, expected, fix: "Remove the foreign key, or change the kind of one of both tables", at }];
}

function checkColumns(table: CatalogTable, key: CatalogForeignKey, target: CatalogTable): Problem[] {
  const missing = [
    ...key.columns.filter((name) => !table.columns.has(name)).map((name) => `${table.name}.${name}`),
    ...key.references.columns.filter((name) => !target.columns.has(name)).map((name) => `${target.name}.${name}`),
  ];
  const { at } = key;
  if (missing.length > 0) {
    const what = `Foreign key \`${key.name}\` names columns that do not exist: ${missing.join(", ")}`;
    return [{ what, fix: "Correct the names", at }];
  }
  const columns = key.references.columns.toSorted().join();
  if (target.keys.some((unique) => unique.columns.toSorted().join() === columns)) return [];
  return [
    {
      what: `Foreign key \`${key.name}\` refers to columns of \`${target.name}\` that are not unique together`,
      got: `(${key.references.columns.join(", ")})`,
      expected: target.keys.map((unique) => `(${unique.columns.join(", ")})`).join(" or ") || "a key",
      fix: `Refer to a key of \`${target.name}\`, or add a UNIQUE constraint there`,
      at,
    },
  ];
}

/**
 * Tables are placed after the file that creates them has run. So a key may refer to a table of the same file only if it
 * is deferred.
 */
function checkOrder(checked: Checked, table: CatalogTable, key: CatalogForeignKey, target: CatalogTable): Problem[] {
  const { at } = key;
  if (kindOf(checked.description, table.name) === "local") return [];
  if (isDeferred(checked.description, table, key) ? target.file <= table.file : target.file < key.file) return [];
  return [
    {
      what: `Foreign key \`${key.name}\` comes before \`${target.name}\` is placed: tables are placed when their file has run`,
      fix: "Move the statement that adds the foreign key into a file after this one",
      at,
    },
  ];
}

/** A deferred key is added right after the file that creates its table, with the final names of its columns. */
function checkRenames(table: CatalogTable, key: CatalogForeignKey, target: CatalogTable): Problem[] {
  const why = `the foreign key \`${key.name}\` is added before that`;
  return [
    ...key.columns.flatMap((name) => checkMoment(table, name, why)),
    ...key.references.columns.flatMap((name) => checkMoment(target, name, why, key.file)),
  ];
}

/** With Citus, ON DELETE may clear no column of such a key; `checkCitus` reports that. */
function checkActions(checked: Checked, table: CatalogTable, key: CatalogForeignKey): Problem[] {
  const { column } = checked.description.tenant;
  if (kindOf(checked.description, table.name) !== "tenant" || !key.cleared.includes(column)) return [];
  const others = key.columns.filter((name) => name !== column);
  const listed = others.length > 0 ? `, or on plain PostgreSQL ON DELETE SET NULL (${others.join(", ")})` : "";
  return [
    {
      what: `Foreign key \`${key.name}\` would clear \`${column}\` when the row it refers to is deleted`,
      got: key.actions,
      fix: `Use another action${listed}`,
      at: key.at,
    },
  ];
}

function checkRetention(
  checked: Checked,
  table: CatalogTable,
  key: CatalogForeignKey,
  target: CatalogTable,
): Problem[] {
  const entry = ownEntry(checked.description, target.name);
  if (!entry?.partition || !retentionOf(entry)) return [];
  const own = ownEntry(checked.description, table.name);
  if (ageInDatabase(entry)) return checkAging(table.name, own, key, target.name, entry);
  return [
    {
      what: `Foreign key \`${key.name}\` would hinder \`${target.name}\` from dropping its old partitions`,
      fix: `Remove the foreign key, or the retention of \`${target.name}\``,
      at: key.at,
    },
  ];
}

/** Reports each circle once, starting at its first table. */
function checkCycles({ catalog }: Checked): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    const table = catalog.tables.get(name);
    if (!table || done.has(name)) return;
    for (const key of table.foreignKeys) {
      const next = key.references.table;
      if (next === name) continue;
      const circle = path.indexOf(next);
      if (circle === -1) {
        visit(next, [...path, next]);
        continue;
      }
      problems.push({
        what: "Foreign keys go in a circle: no order of the tables satisfies them",
        got: [...path.slice(circle), next].map((each) => `\`${each}\``).join(" → "),
        fix: "Remove one of these foreign keys",
        at: key.at,
      });
    }
    done.add(name);
  };
  for (const name of catalog.tables.keys()) visit(name, [name]);
  return problems;
}
