import type { Problem } from "../../common/problem";
import { listNames, suggest } from "../../common/suggestion";
import type { TenantType } from "../application";
import { type CatalogTable, isNotNull, primaryKey } from "../catalog/catalog";
import { type Checked, ownEntry, tablesOfKind } from "./check";

const catalogTypes: Readonly<Record<TenantType, string>> = {
  uuid: "uuid",
  bigint: "int8",
  integer: "int4",
  text: "text",
};

const typeNames = new Map(Object.entries(catalogTypes).map(([name, type]) => [type, name]));

/**
 * Checks that every tenant table has the tenant column, also in each key, and no sequence, and that no other table has
 * it.
 */
export function checkTenantTables(checked: Checked): Problem[] {
  const { column, table: root } = checked.description.tenant;
  return [
    ...tablesOfKind(checked, "tenant").flatMap((table) => [
      ...checkColumn(checked, table),
      ...checkKeys(checked, table),
      ...checkSequences(table),
      ...(table.name === root ? checkRoot(checked, table) : checkOrder(checked, table)),
    ]),
    ...(["reference", "local"] as const).flatMap((kind) =>
      tablesOfKind(checked, kind)
        .filter((table) => table.columns.has(column))
        .map((table) => ({
          what: `The ${kind} table \`${table.name}\` holds tenants' data: it has the column \`${column}\``,
          fix: "Say `tenant: true` in architecture.yaml, or drop the column",
          at: table.columns.get(column)?.at ?? table.at,
        })),
    ),
    ...tablesOfKind(checked, "reference")
      .filter((table) => !primaryKey(table))
      .map(withoutPrimaryKey),
    ...(["tenant", "reference"] as const).flatMap((kind) =>
      tablesOfKind(checked, kind).flatMap((table) => checkStorage(kind, table)),
    ),
  ];
}

/** Rejects foreign and unlogged tables, because their rows can't be isolated or would be lost in a crash. */
function checkStorage(kind: "tenant" | "reference", table: CatalogTable): Problem[] {
  if (table.foreign) {
    return [
      {
        what: `The ${kind} table \`${table.name}\` is a foreign table: it can be neither placed nor isolated`,
        fix: "Create a table, or call it `local` in architecture.yaml",
        at: table.at,
      },
    ];
  }
  if (!table.unlogged) return [];
  return [
    {
      what: `The ${kind} table \`${table.name}\` is unlogged: a crash empties it, and no standby has its rows`,
      fix: "Remove UNLOGGED, or SET LOGGED in a later file",
      at: table.unlogged,
    },
  ];
}

function checkColumn({ description }: Checked, table: CatalogTable): Problem[] {
  const { column: name, type, table: root } = description.tenant;
  const column = table.columns.get(name);
  // If the root's key has another name, `checkRoot` reports it.
  if (!column && table.name === root && primaryKey(table)?.columns.length === 1) return [];
  if (!column) {
    const meant = suggest(name, table.columns.keys());
    return [
      {
        what: `Tenant table \`${table.name}\` has no column \`${name}\``,
        got: listNames(table.columns.keys()),
        expected: `\`${name} ${type} NOT NULL\``,
        fix: `${meant ? `Rename \`${meant}\`, or add` : "Add"} the column, or call the table \`reference\` or \`local\``,
        at: table.at,
      },
    ];
  }
  const problems: Problem[] = [];
  if (column.type !== catalogTypes[type]) {
    problems.push({
      what: `Column \`${name}\` of \`${table.name}\` has another type than the tenant column`,
      got: typeNames.get(column.type) ?? column.type,
      expected: type,
      fix: "Change the column's type, or `tenant.type` in architecture.yaml",
      at: column.at,
    });
  }
  problems.push(...checkMoment(table, name, "the tables are distributed by it"));
  if (!isNotNull(table, column)) {
    problems.push({
      what: `Column \`${name}\` of \`${table.name}\` may be NULL: such a row would belong to nobody`,
      fix: "Add NOT NULL",
      at: column.at,
    });
  }
  return problems;
}

function checkKeys({ description }: Checked, table: CatalogTable): Problem[] {
  const { column } = description.tenant;
  const by = ownEntry(description, table.name)?.partition?.by;
  const needed = [column, ...(by === undefined ? [] : [by])].filter((name) => table.columns.has(name));
  const isRoot = table.name === description.tenant.table;
  const problems = table.keys.flatMap((key) => {
    const missing = needed.filter((name) => !key.columns.includes(name));
    // `checkRoot` reports the root's primary key.
    if (missing.length === 0 || (isRoot && key.kind === "primary key")) return [];
    return [
      {
        what: `The ${key.kind} of \`${table.name}\` lacks ${listNames(missing)}: it could not be held across ${missing.includes(column) ? "nodes" : "partitions"}`,
        got: `(${key.columns.join(", ")})`,
        expected: `(${[...new Set([...needed, ...key.columns])].join(", ")})`,
        fix:
          key.kind === "exclusion constraint"
            ? `Add ${missing.map((name) => `${name} WITH =`).join(", ")}`
            : `Add ${listNames(missing)}`,
        at: key.at,
      },
    ];
  });
  return primaryKey(table) ? problems : [...problems, withoutPrimaryKey(table)];
}

const fixedSequence = "an identity column: a distributed table with one cannot be altered or undistributed later";
const sharedSequence =
  "a serial: one sequence counts for all tenants, so that its gaps tell each of them how much the others do";

function checkSequences(table: CatalogTable): Problem[] {
  return [...table.columns.values()]
    .filter(({ sequence }) => sequence !== undefined)
    .map(({ name, sequence, at }) => ({
      what: `Column \`${name}\` of tenant table \`${table.name}\` is ${sequence === "serial" ? sharedSequence : fixedSequence}`,
      expected: "`uuid DEFAULT gen_random_uuid()`",
      fix: "Use a uuid",
      at,
    }));
}

function checkRoot({ description }: Checked, table: CatalogTable): Problem[] {
  const { column, type } = description.tenant;
  const key = primaryKey(table);
  if (!key || (key.columns.length === 1 && key.columns[0] === column)) return [];
  return [
    {
      what: `The primary key of the tenant root \`${table.name}\` is not the tenant column alone`,
      got: `(${key.columns.join(", ")})`,
      expected: `(${column})`,
      fix: rootFix(table, key.columns, `${column} ${type} PRIMARY KEY`, column),
      at: key.at,
    },
  ];
}

function rootFix(table: CatalogTable, key: readonly string[], expected: string, column: string): string {
  if (key.length > 1) return "Keep one row per tenant there, and the rest in a table of its own";
  const [name] = key;
  return table.columns.has(column)
    ? `Write \`${expected}\`, and leave \`${name}\` out: it is the tenant's id under every name`
    : `Name the key \`${column}\`, as every tenant table names it: \`${expected}\` in place of \`${name}\``;
}

/**
 * Reports a column that a later file adds or renames, because the table's resources need it right after the table's
 * file.
 */
export function checkMoment(table: CatalogTable, name: string, why: string, file = table.file): Problem[] {
  const column = table.columns.get(name);
  if (!column || column.file <= file) return [];
  return [
    {
      what: `Column \`${name}\` of \`${table.name}\` is added or renamed in a later file than its table, but ${why}`,
      fix: "Create the table with this column, or move the rows to a new table",
      at: column.at,
    },
  ];
}

/** Tenant tables are placed beside the root as soon as their file has run, so the root must come first. */
function checkOrder({ catalog, description }: Checked, table: CatalogTable): Problem[] {
  const root = catalog.tables.get(description.tenant.table);
  if (!root || root.file <= table.file) return [];
  return [
    {
      what: `Tenant table \`${table.name}\` is created before the tenant root \`${root.name}\`, beside which it is placed`,
      fix: `Move \`${root.name}\` into this file or one before it`,
      at: table.at,
    },
  ];
}

function withoutPrimaryKey(table: CatalogTable): Problem {
  return {
    what: `Table \`${table.name}\` has no primary key: its shards could not be moved while it is written`,
    fix: "Add a PRIMARY KEY",
    at: table.at,
  };
}
