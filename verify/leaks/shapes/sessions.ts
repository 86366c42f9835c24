import { quoteLiteral } from "../../../common/identifier";
import { type Draw, nameOf } from "../draw";
import type { QuerySteps, Shape, Step } from "../query";
import type { LeakRelation } from "../surface";

/** Queries of several statements, or by other statements than SELECT. */
export const sessions: readonly Shape[] = [
  whole("prepared statement", (d, r) => {
    const mode = d.pick(["auto", "force_generic_plan", "force_custom_plan"]);
    const where = r.ofTenants ? ` WHERE a.${d.tenantColumn} = $1 OR true` : " WHERE $1 IS NULL";
    const argument = r.ofTenants ? d.own : "NULL";
    return {
      steps: [
        { sql: `SET LOCAL plan_cache_mode = ${mode}` },
        {
          sql: `PREPARE leak_query (${d.surface.tenant.type}) AS SELECT ${d.show(r, "a")} FROM ${nameOf(r)} AS a${where}${d.limit}`,
        },
        ...repeat(d.int(1, 3), `EXECUTE leak_query (${argument})`),
      ],
    };
  }),
  whole("prepared by the other tenant", (d, r) => ({
    context: "tenant",
    steps: [
      { sql: setTenant(d.other), unseen: true },
      { sql: `SET LOCAL plan_cache_mode = ${d.pick(["auto", "force_generic_plan"])}`, unseen: true },
      { sql: `PREPARE leak_query AS SELECT ${d.show(r, "a")} FROM ${nameOf(r)} AS a${d.limit}`, unseen: true },
      ...repeat(d.int(1, 6), "EXECUTE leak_query").map((step) => ({ ...step, unseen: true as const })),
      { sql: setTenant(d.own), unseen: true },
      { sql: "EXECUTE leak_query" },
    ],
  })),
  whole("cursor", (d, r) => {
    const kind = d.pick(["NO SCROLL CURSOR", "SCROLL CURSOR", "INSENSITIVE CURSOR"]);
    const back = kind === "SCROLL CURSOR" ? [{ sql: "FETCH BACKWARD 50 FROM leak_cursor" }] : [];
    return {
      steps: [
        { sql: `DECLARE leak_cursor ${kind} FOR SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")}${d.limit}` },
        { sql: `FETCH ${d.pick(["FORWARD 50", "50", "NEXT"])} FROM leak_cursor` },
        { sql: "FETCH 50 FROM leak_cursor" },
        ...back,
      ],
    };
  }),
  whole("copy of a query", (d, r) => ({
    steps: [
      {
        sql: `COPY (SELECT ${d.row(r, "a")}::text FROM ${d.from(r, "a")}${d.limit}) TO STDOUT${d.pick(["", " (FORMAT csv)", " (FORMAT csv, HEADER)"])}`,
        copy: true,
      },
    ],
  })),
  // COPY has no LIMIT, so only small tables are copied.
  whole("copy of a table", (_, r) =>
    r.kind === "table" && r.isWhole && r.rowCount < 50_000
      ? { steps: [{ sql: `COPY ${nameOf(r)} TO STDOUT`, copy: true }] }
      : undefined,
  ),
  whole("explain", (d, r) => {
    const options = d.pick([
      "",
      "(VERBOSE)",
      "(ANALYZE)",
      "(ANALYZE, VERBOSE, BUFFERS)",
      "(ANALYZE, FORMAT JSON)",
      "(ANALYZE, TIMING off, COSTS off)",
    ]);
    const where = r.ofTenants ? ` WHERE ${d.onlyOthers("a")}` : "";
    return {
      steps: [{ sql: `EXPLAIN ${options} SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")}${where}${d.limit}` }],
      echoes: true,
    };
  }),
  whole("row_security off", (d, r) => ({
    steps: [
      { sql: "SET LOCAL row_security = off" },
      { sql: `SELECT ${d.show(r, "a")} FROM ${nameOf(r)} AS a${d.limit}` },
    ],
  })),
  whole("tenant unset", (d, r) =>
    r.ofTenants
      ? {
          steps: [
            // Only SET LOCAL reaches Citus' workers; other forms leave the previous tenant set there.
            { sql: "SET LOCAL app.tenant_id = ''", unseen: true },
            { sql: `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")}${d.limit}` },
          ],
          empty: true,
        }
      : undefined,
  ),
  whole("tenant that is none", (d, r) =>
    r.ofTenants
      ? {
          steps: [
            {
              sql: `SET LOCAL app.tenant_id = ${quoteLiteral(d.pick(["%", "*", "' OR true --", "null", "{}", `${d.surface.tenant.own},${d.surface.tenant.other}`]))}`,
              unseen: true,
            },
            { sql: `SELECT ${d.show(r, "a")} FROM ${d.from(r, "a")}${d.limit}` },
          ],
          empty: true,
        }
      : undefined,
  ),
  whole("planner settings", (d, r) => {
    const switches = d.some([
      "seqscan",
      "indexscan",
      "bitmapscan",
      "indexonlyscan",
      "hashjoin",
      "nestloop",
      "partition_pruning",
    ]);
    const parallel = ["parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0"];
    const settings = [...switches.map((name) => `enable_${name} = off`), ...(d.oneIn(2) ? parallel : [])];
    return {
      steps: [
        ...settings.map((setting) => ({ sql: `SET LOCAL ${setting}` })),
        { sql: `SELECT ${d.row(r, "a")}::text FROM ${d.from(r, "a")} ORDER BY 1${d.limit}` },
      ],
    };
  }),
  whole("temporary table", (d, r) => ({
    steps: [
      {
        sql: `CREATE TEMPORARY TABLE leak_copy ON COMMIT DROP AS SELECT ${d.row(r, "a")}::text AS seen FROM ${d.from(r, "a")}${d.limit}`,
      },
      { sql: "SELECT * FROM leak_copy" },
    ],
  })),
  whole("temporary view", (d, r) => ({
    steps: [
      {
        sql: `CREATE TEMPORARY VIEW leak_view${d.pick(["", " WITH (security_barrier)", " WITH (security_invoker)"])} AS SELECT ${d.row(r, "a")}::text AS seen FROM ${nameOf(r)} AS a`,
      },
      { sql: `SELECT * FROM leak_view${d.limit}` },
    ],
  })),
  whole("spying function", (d, r) => {
    const body = `BEGIN RAISE NOTICE '%', seen; RETURN ${d.pick(["true", "seen IS NOT NULL"])}; END`;
    const cheap = "RETURNS boolean LANGUAGE plpgsql COST 0.0000001";
    const spied = `pg_temp.leak_spy(${d.row(r, "a")}::text)`;
    return {
      steps: [
        { sql: `CREATE FUNCTION pg_temp.leak_spy(seen text) ${cheap} AS ${quoteLiteral(body)}` },
        { sql: `SELECT ${d.show(r, "a")} FROM ${nameOf(r)} AS a WHERE ${spied}${d.limit}` },
      ],
    };
  }),
  whole("block that tells", (d, r) => {
    const tell = d.pick(["RAISE NOTICE '%', seen.all_of_it", "RAISE EXCEPTION '%', seen.all_of_it"]);
    const rows = `SELECT ${d.row(r, "a")}::text AS all_of_it FROM ${nameOf(r)} AS a${d.limit}`;
    const body = `DECLARE seen record; BEGIN FOR seen IN ${rows} LOOP ${tell}; END LOOP; END`;
    return { steps: [{ sql: `DO ${quoteLiteral(body)}` }] };
  }),
  whole("error that tells", (d, r) => {
    const value = d.pick(["integer", "date", "inet", "uuid[]", "point", "jsonb"]);
    return { steps: [{ sql: `SELECT ('?' || ${d.row(r, "a")}::text)::${value} FROM ${d.from(r, "a")}${d.limit}` }] };
  }),
];

const setTenant = (tenant: string) => `SELECT tenantry.set_tenant(${tenant})`;

const repeat = (times: number, sql: string): readonly Step[] => Array.from({ length: times }, () => ({ sql }));

function whole(name: string, make: (draw: Draw, relation: LeakRelation) => QuerySteps | undefined): Shape {
  return { name, make };
}
