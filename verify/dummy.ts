import { randomInt, randomUUID } from "node:crypto";
import { markedText } from "./canary";
import type { CheckConstraint, Column } from "./catalog";

/** Values to try for a column, the likeliest first; empty for a type that is not known. */
export function candidates(column: Column, checks: readonly CheckConstraint[]): readonly string[] {
  if (column.labels) return column.labels;
  if (column.isArray) return ["{}"];
  const literals = checks.filter((check) => check.columns.includes(column.name)).flatMap(literalsOf);
  const values = [...ofType(column), ...literals];
  const { maxLength } = column;
  return maxLength === null ? values : values.map((value) => value.slice(0, maxLength));
}

/** What a CHECK compares with is often what it accepts: `status IN ('placed', 'paid')`. */
function literalsOf({ definition }: CheckConstraint): readonly string[] {
  const texts = [...definition.matchAll(/'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? "").replaceAll("''", "'"));
  const numbers = definition.replaceAll(/'(?:[^']|'')*'/g, "").match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? [];
  return [...texts, ...numbers];
}

function ofType({ base }: Column): readonly string[] {
  switch (base) {
    case "uuid":
      return [randomUUID()];
    case "text":
    case "varchar":
    case "bpchar":
    case "name":
    case "citext":
      return texts();
    case "int2":
    case "int4":
    case "int8":
      return [String(randomInt(1, 30_000)), "1", "0", "100", "-1"];
    case "numeric":
    case "float4":
    case "float8":
    case "money":
      return ["1", "0", "0.5", "100", "-1"];
    case "bool":
      return ["false", "true"];
    case "timestamptz":
    case "timestamp":
    case "date":
      return [1, 0, 2].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
    default:
      return others[base] ?? [];
  }
}

function texts(): readonly string[] {
  const marked = markedText();
  const email = `${marked}@example.com`;
  const plain = [
    "probe",
    "PROBE",
    "XX",
    "XXX",
    "x",
    "00000",
    "+15550100",
    `https://example.com/${marked}`,
    "2026-01-01",
  ];
  return [marked, email, ...plain, marked.replaceAll("-", "_")];
}

const others: Readonly<Record<string, readonly string[]>> = {
  json: ["{}", "[]"],
  jsonb: ["{}", "[]"],
  bytea: ["\\x00"],
  time: ["12:00"],
  timetz: ["12:00Z"],
  interval: ["1 day"],
  inet: ["192.0.2.1"],
  cidr: ["192.0.2.0/24"],
  macaddr: ["00:00:5e:00:53:01"],
  xml: ["<x/>"],
  tsvector: [""],
  hstore: [""],
  ltree: ["probe"],
  point: ["(0,0)"],
  int4range: ["[1,2)"],
  int8range: ["[1,2)"],
  numrange: ["[1,2)"],
  daterange: ["[2026-01-01,2026-01-02)"],
  tsrange: ["[2026-01-01,2026-01-02)"],
  tstzrange: ["[2026-01-01,2026-01-02)"],
};
