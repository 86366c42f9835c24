import { quoteIdentifier, quoteLiteral } from "../../../common/identifier";
import { type Draw, nameOf } from "../draw";
import type { QuerySteps, Shape } from "../query";
import type { LeakRelation } from "../surface";

/** Queries without a condition on the tenant. They may return only the tenant's own rows. */
export const reading: readonly Shape[] = [
  shape("select", (d, r) => {
    const order = d.oneIn(2) ? ` ORDER BY ${d.column(r, "a")}${d.pick(["", " DESC", " NULLS FIRST"])}` : "";
    return `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")}${order}${d.limit}${d.oneIn(4) ? " OFFSET 0" : ""}`;
  }),
  shape("true condition", (d, r) => {
    const always = r.ofTenants ? `a.${d.tenantColumn} = ${d.own} OR true` : "true";
    return `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")} WHERE ${always}${d.limit}`;
  }),
  shape("distinct", (d, r) => `SELECT DISTINCT ${d.column(r, "a")}::text FROM ${d.from(r, "a")}${d.limit}`),
  shape("group by", (d, r) => {
    const columns = d.some(r.columns).map(({ name }) => `a.${quoteIdentifier(name)}::text`);
    const having = d.pick(["", " HAVING count(*) > 0", " HAVING count(*) < 1000000"]);
    return `SELECT ${columns.join(", ")}, count(*) FROM ${d.from(r, "a")} GROUP BY ${columns.map((_, index) => index + 1).join(", ")}${having}${d.limit}`;
  }),
  joined("join", (d, r, s) => {
    const { tenantColumn: t } = d;
    const on = d.pick([`ON ${d.join(r, "a", s, "b")}`, `ON a.${t} = b.${t}`, `USING (${t})`]);
    return `SELECT ${d.row(r, "a")}::text, ${d.row(s, "b")}::text FROM ${d.from(r, "a")} JOIN ${d.from(s, "b")} ${on}${d.limit}`;
  }),
  joined("outer join", (d, r, s) => {
    const kind = d.pick(["LEFT", "RIGHT", "FULL"]);
    return `SELECT ${d.row(r, "a")}::text, ${d.row(s, "b")}::text FROM ${d.from(r, "a")} ${kind} JOIN ${d.from(s, "b")} ON ${d.join(r, "a", s, "b")}${d.limit}`;
  }),
  joined(
    "join without the tenant",
    (d, r, s) =>
      `SELECT ${d.show(r, "a")}, ${d.row(s, "b")}::text FROM ${d.from(r, "a")}${d.pick([", ", " CROSS JOIN "])}${d.from(s, "b")}${d.limit}`,
  ),
  joined("semi-join", (d, r, s) => {
    const t = d.tenantColumn;
    const condition = d.pick([
      `a.${t} IN (SELECT ${t} FROM ${nameOf(s)})`,
      `a.${t} = ANY (SELECT b.${t} FROM ${d.from(s, "b")})`,
      `EXISTS (SELECT FROM ${d.from(s, "b")} WHERE ${d.join(r, "a", s, "b")})`,
      `NOT EXISTS (SELECT FROM ${d.from(s, "b")} WHERE a.${t} <> b.${t})`,
    ]);
    return `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")} WHERE ${condition}${d.limit}`;
  }),
  joined(
    "scalar subquery",
    (d, r, s) =>
      `SELECT ${d.show(r, "a")}, (SELECT ${d.pick(["max", "min"])}(${d.column(s, "b")}::text) FROM ${d.from(s, "b")}) FROM ${d.from(r, "a")}${d.limit}`,
  ),
  joined("correlated subquery", (d, r, s) => {
    const inner = `SELECT string_agg(${d.row(s, "b")}::text, ' ') FROM ${d.from(s, "b")} WHERE ${d.join(r, "a", s, "b")}`;
    return `SELECT ${d.show(r, "a")}, (${inner}) FROM ${d.from(r, "a")}${d.limit}`;
  }),
  joined("lateral", (d, r, s) => {
    const where = d.oneIn(2) ? ` WHERE ${d.join(r, "a", s, "b")}` : "";
    return `SELECT ${d.show(r, "a")}, l.* FROM ${d.from(r, "a")}, LATERAL (SELECT ${d.row(s, "b")}::text FROM ${d.from(s, "b")}${where} LIMIT 10) AS l${d.limit}`;
  }),
  shape("common table expression", (d, r) => {
    const fence = d.pick(["", "MATERIALIZED ", "NOT MATERIALIZED "]);
    const use = d.pick(["SELECT * FROM w", "SELECT * FROM w UNION ALL SELECT * FROM w"]);
    return `WITH w AS ${fence}(SELECT ${d.row(r, "a")}::text FROM ${d.from(r, "a")}${d.limit}) ${use}${d.limit}`;
  }),
  shape("recursion", (d, r) => {
    const start = `SELECT ${d.row(r, "a")}::text AS seen, 1 AS n FROM ${d.from(r, "a")}`;
    return `WITH RECURSIVE w AS ((${start}${d.limit}) UNION ALL SELECT seen, n + 1 FROM w WHERE n < ${d.int(1, 3)}) SELECT * FROM w${d.limit}`;
  }),
  joined("set operation", (d, r, s) => {
    const operation = d.pick(["UNION", "UNION ALL", "EXCEPT", "EXCEPT ALL", "INTERSECT"]);
    const left = d.row(r, "a");
    const right = operation === "INTERSECT" ? ([left, r] as const) : ([d.row(s, "b"), s] as const);
    const alias = operation === "INTERSECT" ? "a" : "b";
    return `(SELECT ${left}::text FROM ${d.from(r, "a")}) ${operation} (SELECT ${right[0]}::text FROM ${d.from(right[1], alias)})${d.limit}`;
  }),
  shape("window neighbour", (d, r) => {
    const seen = `${d.row(r, "a")}::text`;
    const call = d.pick([
      `lag(${seen})`,
      `lead(${seen}, 1)`,
      `first_value(${seen})`,
      `last_value(${seen})`,
      `nth_value(${seen}, 1)`,
    ]);
    return `SELECT ${call} OVER (ORDER BY ${d.column(r, "a")}::text) FROM ${d.from(r, "a")}${d.limit}`;
  }),
  shape("row as a value", (d, r) => {
    const row = d.row(r, "a");
    const value = d.pick([
      `row_to_json(${row})`,
      `to_jsonb(${row})`,
      `json_build_object('row', ${row})`,
      `format('%s', ${row})`,
      `quote_literal(${row}::text)`,
      `ARRAY[${row}::text]`,
      `convert_to(${row}::text, 'UTF8')::text || ${row}::text`,
      `CASE WHEN true THEN ${row}::text END`,
    ]);
    return `SELECT ${value} FROM ${d.from(r, "a")}${d.limit}`;
  }),
  shape(
    "aggregate of rows",
    (d, r) => {
      const row = d.row(r, "a");
      const value = d.pick([
        `json_agg(${row})`,
        `jsonb_agg(${row})`,
        `string_agg(${row}::text, ',')`,
        `array_agg(${row}::text)`,
        `json_object_agg(${row}::text, 1)`,
        `max(${d.column(r, "a")}::text)`,
        `min(${d.column(r, "a")}::text)`,
      ]);
      return `SELECT ${value} FROM (SELECT * FROM ${nameOf(r)}${d.limit}) AS a`;
    },
    ({ isWhole }) => isWhole,
  ),
  shape(
    "sample",
    (d, r) => {
      // Samples a share of the blocks, so that no large table is read completely.
      const percent = Math.min(100, Math.max(0.001, (100 * 50_000) / Math.max(1, r.rowCount)));
      const sample = `TABLESAMPLE ${d.pick(["BERNOULLI", "SYSTEM"])} (${r.rowCount < 50_000 ? 100 : percent.toFixed(3)})`;
      return `SELECT ${d.row(r, "a")}::text FROM ${nameOf(r)} AS a ${sample}${d.pick(["", " REPEATABLE (1)"])}${d.limit}`;
    },
    ({ kind }) => kind !== "view",
  ),
  shape(
    "system columns",
    (d, r) => {
      const where = d.pick([
        "",
        " WHERE a.ctid > '(0,0)'",
        ` WHERE a.ctid IN (${pointers(d)})`,
        ` WHERE a.ctid = ANY (ARRAY[${pointers(d)}])`,
      ]);
      return `SELECT a.tableoid::regclass, a.ctid, a.xmin, ${d.row(r, "a")}::text FROM ${nameOf(r)} AS a${where}${d.limit}`;
    },
    ({ kind }) => kind !== "view",
  ),
  shape(
    "only the parent",
    (d, r) => `SELECT ${d.show(r, "a")} FROM ONLY ${nameOf(r)} AS a${d.limit}`,
    ({ kind }) => kind === "table",
  ),
  shape(
    "as XML",
    (d, r) => {
      const query = quoteLiteral(`SELECT * FROM ${nameOf(r)}${d.limit}`);
      const calls = ["query_to_xml", "query_to_xml_and_xmlschema"];
      return `SELECT ${d.pick(calls)}(${query}, true, ${d.pick(["true", "false"])}, '')`;
    },
    ({ isWhole }) => isWhole,
  ),
  {
    name: "partition by its name",
    make(d) {
      const { closed } = d.surface;
      if (closed.length === 0) return undefined;
      const partition = d.pick(closed);
      return { steps: [{ sql: `SELECT * FROM ${nameOf(partition)}${d.limit}` }], of: [partition] };
    },
  },
];

const pointers = (d: Draw) => Array.from({ length: 12 }, (_, item) => `'(${d.int(0, 3)},${item + 1})'::tid`).join(", ");

function shape(
  name: string,
  sql: (draw: Draw, relation: LeakRelation) => string,
  fits: (relation: LeakRelation) => boolean = () => true,
): Shape {
  return {
    name,
    make(draw, relation): QuerySteps | undefined {
      return fits(relation) ? { steps: [{ sql: sql(draw, relation) }] } : undefined;
    },
  };
}

function joined(name: string, sql: (draw: Draw, relation: LeakRelation, other: LeakRelation) => string): Shape {
  return {
    name,
    make(draw, relation) {
      const other = relation.ofTenants ? draw.partner(relation) : undefined;
      return other && { steps: [{ sql: sql(draw, relation, other) }], of: [relation, other] };
    },
  };
}
