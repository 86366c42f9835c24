import { quoteIdentifier } from "../../../common/identifier";
import { canaryIn } from "../../canary";
import type { Row } from "../../row-writer";
import { type Draw, literalOf, nameOf } from "../draw";
import type { QuerySteps, Shape } from "../query";
import type { LeakRelation } from "../surface";

/** Statements that write, with the rows that they return. They can reach only the other tenant's probe rows. */
export const writing: readonly Shape[] = [
  write("update returning", "update", (d, r) => {
    const self = settable(d, r);
    return pinned(
      `UPDATE ${nameOf(r)} AS a SET ${self} = a.${self} WHERE a.${d.tenantColumn} = ${d.other} RETURNING a.*`,
    );
  }),
  write("update from", "update", (d, r) => {
    const self = settable(d, r);
    return pinned(
      `UPDATE ${nameOf(r)} AS a SET ${self} = a.${self} FROM (VALUES (${d.other})) AS v (id) WHERE a.${d.tenantColumn} = v.id RETURNING a.*`,
    );
  }),
  write("delete returning", "delete", (d, r) =>
    pinned(`DELETE FROM ${nameOf(r)} AS a WHERE a.${d.tenantColumn} = ${d.other} RETURNING a.*`),
  ),
  write("delete using", "delete", (d, r) =>
    pinned(
      `DELETE FROM ${nameOf(r)} AS a USING (VALUES (${d.other})) AS v (id) WHERE a.${d.tenantColumn} = v.id RETURNING a.*`,
    ),
  ),
  write("data-modifying WITH", "delete", (d, r) =>
    pinned(
      `WITH gone AS (DELETE FROM ${nameOf(r)} AS a WHERE a.${d.tenantColumn} = ${d.other} RETURNING a.*) SELECT * FROM gone`,
    ),
  ),
  write("merge", "delete", (d, r) =>
    pinned(
      `MERGE INTO ${nameOf(r)} AS a USING (VALUES (${d.other})) AS v (id) ON a.${d.tenantColumn} = v.id WHEN MATCHED THEN DELETE`,
    ),
  ),
  write("insert of a selection", "insert", (d, r) => {
    const columns = r.columns.filter(({ isGenerated }) => !isGenerated);
    const values = columns.map(({ name }) => (name === d.surface.tenant.column ? d.own : `a.${quoteIdentifier(name)}`));
    return pinned(
      `INSERT INTO ${nameOf(r)} (${names(columns)}) SELECT ${values.join(", ")} FROM ${nameOf(r)} AS a WHERE a.${d.tenantColumn} = ${d.other} RETURNING *`,
    );
  }),
  write("insert returning", "insert", (d, r) => {
    const row = freshRow(d, r);
    return row && { steps: [{ sql: `${insert(r, row)} RETURNING *` }], context: "tenant" };
  }),
  write("another's value inserted", "insert", (d, r) => asOthers(d, r, (row) => insert(r, row))),
  write("on conflict do nothing", "insert", (d, r) =>
    asOthers(d, r, (row) => `${insert(r, row)} ON CONFLICT DO NOTHING`),
  ),
  write("another's row on conflict", "insert", (_, r) => {
    if (!r.other) return undefined;
    return pinned(`${insert(r, r.other)} ON CONFLICT DO NOTHING RETURNING *`);
  }),
  write("another's value taken over", "update", (d, r) => {
    const known = settableValues(d, r);
    if (known.length === 0) return undefined;
    const { column, value } = d.pick(known);
    const take = (each: string) =>
      `UPDATE ${nameOf(r)} SET ${quoteIdentifier(column.name)} = ${literalOf(each, column)} WHERE ${d.tenantColumn} = ${d.own} AND ${ownKey(d, r)}`;
    return { steps: [{ sql: take(value) }], twin: [{ sql: take(d.fresh(value)) }], context: "tenant" };
  }),
];

const pinned = (sql: string): QuerySteps => ({ steps: [{ sql }], empty: true });

function write(
  name: string,
  privilege: keyof LeakRelation["may"],
  make: (draw: Draw, relation: LeakRelation) => QuerySteps | undefined,
): Shape {
  return {
    name,
    make: (draw, relation) =>
      relation.isTenantTable && relation.isWhole && relation.may[privilege] ? make(draw, relation) : undefined,
  };
}

const names = (columns: LeakRelation["columns"]) => columns.map(({ name }) => quoteIdentifier(name)).join(", ");

/** A column to set to its own value; the tenant column if there is no other. */
function settable(d: Draw, { columns }: LeakRelation): string {
  const open = columns.filter(({ name, isGenerated }) => !isGenerated && name !== d.surface.tenant.column);
  return open.length > 0 ? quoteIdentifier(d.pick(open).name) : d.tenantColumn;
}

/** The other tenant's values that a statement may write. PostgreSQL rejects generated columns from anybody (428C9). */
function settableValues(d: Draw, r: LeakRelation) {
  return d.telling(r).filter(({ column }) => !column.isGenerated && column.name !== d.surface.tenant.column);
}

function insert(relation: LeakRelation, row: Row): string {
  const columns = relation.columns.filter(({ name, isGenerated }) => !isGenerated && row[name] != null);
  const values = columns.map((column) => literalOf(row[column.name] ?? "", column));
  return `INSERT INTO ${nameOf(relation)} (${names(columns)}) VALUES (${values.join(", ")})`;
}

/** The tenant's own row with new values, except for NULLs, the tenant column and foreign keys. */
function freshRow(d: Draw, { own, foreignKeys }: LeakRelation): Row | undefined {
  if (!own) return undefined;
  const kept = new Set([d.surface.tenant.column, ...foreignKeys.flatMap(({ columns }) => columns)]);
  return Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, value === null || kept.has(name) ? value : d.fresh(value)]),
  );
}

/** A tenant's row with values of the other tenant; its twin has values that no row has. */
function asOthers(d: Draw, r: LeakRelation, sql: (row: Row) => string): QuerySteps | undefined {
  const row = freshRow(d, r);
  const known = settableValues(d, r);
  if (!row || known.length === 0) return undefined;
  // Takes all values at once except those of foreign keys, whose errors would hide errors of unique keys.
  const references = new Set(r.foreignKeys.flatMap(({ columns }) => columns));
  const free = known.filter(({ column }) => !references.has(column.name));
  const chosen = free.length > 0 && !d.oneIn(3) ? free : [d.pick(known)];
  const withValues = (of: (value: string) => string) => {
    const values = chosen.map(({ column, value }) => [column.name, of(value)] as const);
    return [{ sql: sql({ ...row, ...Object.fromEntries(values) }) }];
  };
  return { steps: withValues((value) => value), twin: withValues((value) => d.fresh(value)), context: "tenant" };
}

function ownKey(d: Draw, { columns, own }: LeakRelation): string {
  const key = columns.find(({ name }) => name !== d.surface.tenant.column && canaryIn(own?.[name] ?? "") !== undefined);
  return key ? `${quoteIdentifier(key.name)} = ${literalOf(own?.[key.name] ?? "", key)}` : "true";
}
