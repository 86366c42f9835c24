import { randomInt, randomUUID } from "node:crypto";
import { canaryText } from "./canary";
import type { CheckConstraint, Column } from "./live-catalog";

/** Candidate values for a column, the likeliest first. Empty for an unknown type. */
export function candidates(column: Column, checks: readonly CheckConstraint[]): readonly string[] {
  if (column.labels) return column.labels;
  const own = checks.filter((check) => check.columns.includes(column.name));
  const literals = own.flatMap(literalsOf);
  if (column.isArray) return own.length > 0 ? ["{}", "{NULL}", ...literals] : ["{}"];
  const values = [...ofType(column), ...ofShape(column), ...literals];
  const { maxLength } = column;
  return maxLength === null ? values : values.map((value) => value.slice(0, maxLength));
}

/** Literals of a CHECK, which often accepts them: `status IN ('placed', 'paid')`. */
function literalsOf({ definition }: CheckConstraint): readonly string[] {
  const texts = [...definition.matchAll(/'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? "").replaceAll("''", "'"));
  const numbers = definition.replaceAll(/'(?:[^']|'')*'/g, "").match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? [];
  return [...texts, ...numbers];
}

/** Empty values of a range or a row type. */
function ofShape({ shape }: Column): readonly string[] {
  if (shape === "range") return ["empty"];
  if (shape === "multirange") return ["{}"];
  return typeof shape === "number" ? [`(${",".repeat(Math.max(0, shape - 1))})`] : [];
}

/** Ranges that don't overlap those of other rows, for a table with an exclusion constraint. */
function rangeOf(base: string): readonly string[] {
  const start = randomInt(1, 1_000_000);
  const day = (offset: number) =>
    new Date(Date.UTC(2026, 0, 1 + (start % 100_000) + offset)).toISOString().slice(0, 10);
  const isOfTime = base === "daterange" || base === "tsrange" || base === "tstzrange";
  return isOfTime ? [`[${day(0)},${day(1)})`, "[2026-01-01,2026-01-02)"] : [`[${start},${start + 1})`, "[1,2)"];
}

function bitsOf({ type, base }: Column): readonly string[] {
  const length = base === "bit" ? Number(/\((\d+)\)/.exec(type)?.[1] ?? 1) : 1;
  return ["0".repeat(length), "1".repeat(length)];
}

function ofType(column: Column): readonly string[] {
  const { base } = column;
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
    case "int4range":
    case "int8range":
    case "numrange":
    case "daterange":
    case "tsrange":
    case "tstzrange":
      return rangeOf(base);
    case "bit":
    case "varbit":
      return bitsOf(column);
    default:
      return others[base] ?? [];
  }
}

function texts(): readonly string[] {
  const canary = canaryText();
  const email = `${canary}@example.com`;
  const plain = [
    "probe",
    "PROBE",
    "XX",
    "XXX",
    "x",
    "00000",
    "+15550100",
    `https://example.com/${canary}`,
    "2026-01-01",
  ];
  return [canary, email, ...plain, canary.replaceAll("-", "_")];
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
  box: ["((0,0),(1,1))"],
  circle: ["<(0,0),1>"],
  line: ["{1,1,0}"],
  lseg: ["[(0,0),(1,1)]"],
  path: ["((0,0),(1,1))"],
  polygon: ["((0,0),(1,0),(1,1))"],
  macaddr8: ["00:00:5e:00:53:00:00:01"],
  oid: ["1"],
  pg_lsn: ["0/0"],
  tsquery: ["probe"],
  jsonpath: ["$"],
  lquery: ["probe"],
  cube: ["(0)"],
  seg: ["0"],
};
