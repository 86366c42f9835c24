import { quoteIdentifier } from "../../../common/identifier";
import { type Draw, literalOf, nameOf } from "../draw";
import type { QuerySteps, Shape } from "../query";
import type { LeakRelation } from "../surface";

/** Queries for other tenants' rows only. They must return no row, and must evaluate no condition on such a row. */
export const asking: readonly Shape[] = [
  pinned(
    "other tenants",
    (d, r) => `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")} WHERE ${d.onlyOthers("a")}${d.limit}`,
  ),
  pinned("other tenants by a join", (d, r) => {
    const ids = `(VALUES (${d.other}), (NULL)) AS v (id)`;
    return `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")} JOIN ${ids} ON a.${d.tenantColumn} = v.id${d.limit}`;
  }),
  byValue("value", (_, column, value) => `${column} = ${value}`),
  byValue(
    "range",
    (d, column, value) =>
      `${column} ${d.pick([`BETWEEN ${value} AND ${value}`, `>= ${value} AND ${column} <= ${value}`])}`,
  ),
  byValue("pattern", (d, column, value) => {
    const text = `${value}::text`;
    return d.pick([
      `${column}::text LIKE '%' || ${text} || '%'`,
      `${column}::text ~ ${text}`,
      `position(${text} IN ${column}::text) > 0`,
      `starts_with(${column}::text, ${text})`,
    ]);
  }),
  {
    name: "large list",
    make(d, r) {
      const known = d.telling(r).filter(({ column }) => column.base === "uuid");
      if (known.length === 0) return undefined;
      const { column, value } = d.pick(known);
      const nobody = Array.from({ length: 1_000 }, () => `'${d.uuid()}'`);
      const all = [...nobody, `'${value}'`].join(", ");
      const name = `a.${quoteIdentifier(column.name)}`;
      const list = d.pick([`${name} IN (${all})`, `${name} = ANY (ARRAY[${all}]::uuid[])`]);
      return { steps: [{ sql: `SELECT ${d.show(r, "a")} FROM ${nameOf(r)} AS a WHERE ${list}` }], empty: true };
    },
  },
  pinned("row lock", (d, r) =>
    r.may.update
      ? `SELECT ${d.show(r, "a")} FROM ${nameOf(r)} AS a WHERE a.${d.tenantColumn} = ${d.other} FOR ${d.pick(["UPDATE", "SHARE", "KEY SHARE"])} SKIP LOCKED`
      : undefined,
  ),
  trap("division", (d) => `1 / (length(a.${d.tenantColumn}::text) - length(a.${d.tenantColumn}::text)) = 0`),
  trap("cast", (d) => `(a.${d.tenantColumn}::text || 'x')::numeric = 0`),
];

function pinned(name: string, sql: (draw: Draw, relation: LeakRelation) => string | undefined): Shape {
  return {
    name,
    make(draw, relation): QuerySteps | undefined {
      const made = relation.ofTenants ? sql(draw, relation) : undefined;
      return made === undefined ? undefined : { steps: [{ sql: made }], empty: true };
    },
  };
}

/** A query for a row by a value that only another tenant's row has. */
function byValue(name: string, condition: (draw: Draw, column: string, value: string) => string): Shape {
  return {
    name: `another's ${name}`,
    make(draw, relation) {
      const known = draw.telling(relation);
      if (known.length === 0) return undefined;
      const { column, value } = draw.pick(known);
      const where = condition(draw, `a.${quoteIdentifier(column.name)}`, literalOf(value, column));
      return {
        steps: [
          { sql: `SELECT ${draw.show(relation, "a")} FROM ${draw.from(relation, "a")} WHERE ${where}${draw.limit}` },
        ],
        empty: true,
      };
    },
  };
}

/** A condition that raises an error on each row it sees, after a condition that only other tenants' rows satisfy. */
function trap(name: string, condition: (draw: Draw) => string): Shape {
  return {
    name: `trap: ${name}`,
    make(draw, relation) {
      if (!relation.ofTenants) return undefined;
      const sql = `SELECT ${draw.show(relation, "a")} FROM ${nameOf(relation)} AS a WHERE ${draw.onlyOthers("a")} AND ${condition(draw)}`;
      return { steps: [{ sql }], empty: true, trap: true };
    },
  };
}
