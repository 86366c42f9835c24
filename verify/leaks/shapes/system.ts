import { quoteLiteral } from "../../../common/identifier";
import { nameOf } from "../draw";
import type { Shape } from "../query";

/** Queries on PostgreSQL's own data about tables, such as statistics, which hold values of every tenant. */
export const system: readonly Shape[] = [
  {
    name: "statistics",
    make(d, { isTenantTable, schema, name }) {
      if (!isTenantTable) return undefined;
      const of = `schemaname = ${quoteLiteral(schema)} AND tablename = ${quoteLiteral(name)}`;
      const view = d.pick(["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"]);
      return { steps: [{ sql: `SELECT * FROM pg_catalog.${view} WHERE ${of}` }], empty: true };
    },
  },
  {
    name: "statistics below the views",
    make(d) {
      const catalog = {
        schema: "pg_catalog",
        name: d.pick(["pg_statistic", "pg_statistic_ext_data", "pg_largeobject"]),
      };
      return { steps: [{ sql: `SELECT * FROM ${nameOf(catalog)}${d.limit}` }], of: [catalog] };
    },
  },
  {
    name: "what sessions do",
    make(d) {
      const name = d.pick(["pg_stat_activity", "pg_prepared_statements", "pg_cursors", "pg_locks"]);
      const view = { schema: "pg_catalog", name };
      return { steps: [{ sql: `SELECT * FROM ${nameOf(view)}${d.limit}` }], of: [view], echoes: true };
    },
  },
  {
    name: "sequence",
    make(d) {
      const { sequences } = d.surface;
      if (sequences.length === 0) return undefined;
      const sequence = d.pick(sequences);
      const name = nameOf(sequence);
      const sql = d.pick([`SELECT * FROM ${name}`, `SELECT currval(${quoteLiteral(name)})`]);
      return { steps: [{ sql }], of: [sequence] };
    },
  },
  {
    name: "function",
    make(d) {
      const { calls } = d.surface;
      if (calls.length === 0) return undefined;
      const call = d.pick(calls);
      return { steps: [{ sql: `SELECT called::text FROM ${call.sql} AS called${d.limit}` }], of: [call], echoes: true };
    },
  },
];
