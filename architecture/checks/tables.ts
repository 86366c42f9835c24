import type { Problem } from "../../common/problem";
import { listNames, suggest } from "../../common/suggestion";
import type { CatalogTable } from "../catalog/catalog";
import { type Checked, kindOf, ownEntry } from "./check";

/** Checks that description and SQL have the same tables, each with one kind. */
export function checkTables(checked: Checked): Problem[] {
  const { catalog, description, placeOf } = checked;
  const problems: Problem[] = [];
  for (const [name, entry] of Object.entries(description.tables)) {
    const at = placeOf("tables", name);
    const kinds = (["tenant", "reference", "shared", "local"] as const).filter((kind) => entry[kind]);
    if (kinds.length !== 1) {
      problems.push({
        what: `Table \`${name}\` needs exactly one kind`,
        got: kinds.join(" and ") || "none",
        expected: "one of `tenant: true`, `reference: true`, `shared: true`, `local: true`",
        fix: "Keep or add the one that fits",
        at,
      });
    }
    if (!catalog.tables.has(name)) problems.push(unknownTable(checked, name, at));
  }
  const { table: root } = description.tenant;
  const rootEntry = ownEntry(description, root);
  if (!catalog.tables.has(root) && !rootEntry) {
    problems.push(unknownTable(checked, root, placeOf("tenant", "table")));
  }
  if (rootEntry && !rootEntry.tenant) {
    problems.push({
      what: `The tenant root \`${root}\` is a tenant table itself`,
      fix: "Write `tenant: true`",
      at: placeOf("tables", root),
    });
  }
  for (const table of catalog.tables.values()) {
    if (kindOf(description, table.name) === undefined && ownEntry(description, table.name) === undefined) {
      problems.push(unmentioned(table));
    }
  }
  return problems;
}

function unknownTable({ catalog }: Checked, name: string, at: Problem["at"] & object): Problem {
  const parent = [...catalog.tables.values()].find(({ partitions }) => partitions.some((each) => each.name === name));
  if (parent) {
    return {
      what: `\`${name}\` is a partition of \`${parent.name}\`, which speaks for it`,
      fix: "Remove it here",
      at,
    };
  }
  const meant = suggest(name, catalog.tables.keys());
  return {
    what: `No SQL file creates a table \`${name}\``,
    expected: listNames(catalog.tables.keys()),
    fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Create the table in a SQL file, or remove it here",
    at,
  };
}

function unmentioned({ name, at }: CatalogTable): Problem {
  return {
    what: `Table \`${name}\` is not in architecture.yaml`,
    fix: `Add it under \`tables\`: \`${JSON.stringify(name)}: { tenant: true }\`, or \`reference\`, \`shared\` or \`local\``,
    at,
  };
}
