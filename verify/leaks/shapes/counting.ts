import { quoteIdentifier } from "../../../common/identifier";
import { type Draw, nameOf } from "../draw";
import type { Shape } from "../query";
import type { LeakRelation } from "../surface";

/**
 * Queries that return counts and aggregates. These don't show whose rows they contain, so each query runs a second time
 * with the tenant in WHERE, and both answers must be the same.
 */
export const counting: readonly Shape[] = [
  twice("count", (d, r) => {
    const what = d.pick([
      "count(*)",
      `count(DISTINCT a.${d.tenantColumn})`,
      `count(${d.column(r, "a")})`,
      `count(DISTINCT ${d.row(r, "a")}::text)`,
    ]);
    return { select: what, end: "" };
  }),
  twice("sum", (d, r) => {
    const numbers = r.columns.filter(({ base }) => ["numeric", "int2", "int4", "int8"].includes(base));
    const sums = numbers.map(({ name }) => `${d.pick(["sum", "max", "min", "avg"])}(a.${quoteIdentifier(name)})`);
    return { select: [`max(${d.column(r, "a")}::text)`, ...sums].join(", "), end: "" };
  }),
  twice("filter", (d) => ({
    select: `count(*) FILTER (WHERE a.${d.tenantColumn} <> ${d.own}), bool_or(a.${d.tenantColumn} = ${d.other})`,
    end: "",
  })),
  twice("grouping sets", (d, r) => {
    const column = d.pick(r.columns);
    const group = `a.${quoteIdentifier(column.name)}::text`;
    const sets = d.pick([`ROLLUP (${group})`, `CUBE (${group})`, `GROUPING SETS ((${group}), ())`]);
    return { select: `${group}, count(*)`, end: ` GROUP BY ${sets} ORDER BY 1, 2` };
  }),
  twice("window total", (d, r) => ({
    select: `count(*) OVER (), ${d.pick(["rank", "dense_rank"])}() OVER (ORDER BY ${d.column(r, "a")}::text)`,
    end: " ORDER BY 1, 2",
  })),
  twice("ordered-set aggregate", (d, r) => ({
    select: `${d.pick(["mode()", "percentile_disc(0.9)", "percentile_disc(0)"])} WITHIN GROUP (ORDER BY ${d.column(r, "a")}::text)`,
    end: "",
  })),
  {
    name: "exists",
    make(d, r) {
      if (!r.ofTenants) return undefined;
      const ask = (where: string) =>
        `SELECT EXISTS (SELECT 1 FROM ${nameOf(r)} AS a WHERE ${where}a.${d.tenantColumn} <> ${d.own})`;
      return { steps: [{ sql: ask("") }], twin: [{ sql: ask("false AND ") }] };
    },
  },
  {
    name: "count of a join",
    make(d, r) {
      const s = r.ofTenants ? d.partner(r) : undefined;
      if (!s) return undefined;
      const on = d.join(r, "a", s, "b");
      const ask = (where: string) => `SELECT count(*) FROM ${nameOf(r)} AS a JOIN ${nameOf(s)} AS b ON ${on}${where}`;
      const own = ` WHERE a.${d.tenantColumn} = ${d.own} AND b.${d.tenantColumn} = ${d.own}`;
      return { steps: [{ sql: ask("") }], twin: [{ sql: ask(own) }], of: [r, s] };
    },
  },
];

function twice(
  name: string,
  parts: (draw: Draw, relation: LeakRelation) => { readonly select: string; readonly end: string },
): Shape {
  return {
    name,
    make(draw, relation) {
      if (!relation.ofTenants) return undefined;
      const { select, end } = parts(draw, relation);
      const ask = (where: string) => `SELECT ${select} FROM ${nameOf(relation)} AS a${where}${end}${draw.limit}`;
      return {
        steps: [{ sql: ask("") }],
        twin: [{ sql: ask(` WHERE a.${draw.tenantColumn} = ${draw.own}`) }],
      };
    },
  };
}
