import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DuckDb, literal } from "../../lifecycle/export/duckdb";
import { type AgingDatabase, agingDatabase, withoutFailures } from "./aging";
import { skip } from "./servers";

const types: Readonly<Record<string, readonly string[]>> = {
  boolean: ["true", "false"],
  smallint: ["-32768", "32767"],
  integer: ["-2147483648", "0"],
  bigint: ["-9223372036854775808", "9223372036854775807"],
  "numeric(12,3)": ["-999999999.999", "0.100", "0.000"],
  "numeric(38,10)": ["1234567890123456789012345678.0123456789"],
  "numeric(40,2)": ["12345678901234567890123456789012345678.01"],
  numeric: ["NaN", "0.10", "0.1", "1e-40", "123456789012345678901234567890123456789012345.5", "Infinity", "-Infinity"],
  real: ["NaN", "Infinity", "-0", "1e-45", "3.4028235e38", "0.1"],
  "double precision": ["NaN", "-Infinity", "-0", "5e-324", "1.7976931348623157e308", "0.1", "9007199254740993", "2e-5"],
  money: ["-12.34"],
  date: ["2024-02-29", "1582-10-10"],
  timestamp: ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1500-02-28 01:02:03.1"],
  timestamptz: ["0001-01-01 00:00:00+00", "2024-03-31 02:30:00+01", "1883-11-18 12:03:57.000001+00"],
  time: ["24:00:00", "00:00:00.000001"],
  timetz: ["12:00:00+05:30", "24:00:00-15:59"],
  interval: ["-1 years -2 mons +3 days -04:05:06.7", "178000000 years", "00:00:00"],
  uuid: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
  text: ["", "NULL", "\\N", "~", "|", "a|b~c", "hä\u{1f926}\u200d\n\t\"'\\", "  x  ", "\u0001\u001f"],
  "varchar(20)": ["", "x "],
  "char(5)": ["ab", ""],
  bytea: ["\\x", "\\x00ff7c7e0a", "\\xdeadbeef"],
  json: ['{"a" :  12.50, "a": [1,"x",null]}', "null", '"\\u00e4"'],
  jsonb: ['{"a": 12.50, "b": [1, "x", null]}', "null", "1e400"],
  "text[]": ['{NULL,"NULL","","a,b","c\\"d"}', "{}", "{{a,b},{c,NULL}}", "[2:3]={x,y}"],
  "integer[]": ["{1,NULL,3}", "{{1,2},{3,4}}"],
  "numeric(5,2)[]": ["{1.50,NaN}"],
  "timestamptz[]": ['{"2024-01-01 00:00:00+01",infinity}'],
  "jsonb[]": ['{"{\\"a\\": 1}",NULL}'],
  int4range: ["empty", "[1,5)", "(,)"],
  tstzrange: ['["2024-01-01 00:00:00+00",infinity)'],
  nummultirange: ["{[1.0,2.50),[3,)}"],
  inet: ["192.168.0.1/24", "::1"],
  macaddr: ["08:00:2b:01:02:03"],
  "bit(5)": ["10101"],
  "bit varying": ["", "1"],
  tsvector: ["'a':1 'b''c':2"],
  xml: ['<a b="c">ä</a>'],
  point: ["(1.5,-2)"],
  oid: ["4294967295"],
  pg_lsn: ["16/B374D848"],
  "ecommerce.mood": ["happy", "so, so"],
  "ecommerce.mood[]": ['{happy,"so, so",NULL}'],
  "ecommerce.price": ["12.50", "-0.01"],
  "ecommerce.place": ['("Main ""St""",12,)', "(,,)"],
  "ecommerce.place[]": ['{"(a,1,2024-01-01)"}'],
};

const special: Readonly<Record<string, readonly string[]>> = {
  "numeric(12,3)": ["NaN"],
  date: ["infinity", "0044-03-15 BC", "5874897-12-31"],
  timestamp: ["-infinity", "294276-12-31 23:59:59", "4713-01-01 00:00:00 BC"],
  timestamptz: ["infinity", "294276-12-31 23:59:59+00", "4713-11-24 00:00:00+00 BC"],
};

const names = Object.keys(types).map((_, i) => `c${i}`);

async function withAllTypes(aging: AgingDatabase, name: string): Promise<void> {
  await aging.addTable(
    name,
    `${Object.keys(types)
      .map((type, i) => `c${i} ${type}`)
      .join(", ")}, doubled int GENERATED ALWAYS AS (id * 2) STORED`,
    { months: 2 },
  );
}

async function createTypes({ admin }: AgingDatabase): Promise<void> {
  await admin.query(`CREATE TYPE ecommerce.mood AS ENUM ('happy', 'so, so')`);
  await admin.query("CREATE DOMAIN ecommerce.amount AS numeric(8,2)");
  await admin.query("CREATE DOMAIN ecommerce.price AS ecommerce.amount");
  await admin.query("CREATE TYPE ecommerce.place AS (street text, number int, since date)");
}

/** Every value of every type at least once, the others at random. */
function rowsOf(random: () => number, pools: (type: string) => readonly string[]): (string | null)[][] {
  const longest = Math.max(...Object.keys(types).map((type) => pools(type).length));
  return Array.from({ length: longest + 40 }, (_, row) =>
    Object.keys(types).map((type) => {
      const pool = pools(type);
      if (row < pool.length) return pool[row] ?? null;
      if (row === pool.length || random() < 0.2) return null;
      return randomValue(type, random) ?? pool[Math.floor(random() * pool.length)] ?? null;
    }),
  );
}

function randomValue(type: string, random: () => number): string | undefined {
  const digits = (n: number) => Array.from({ length: n }, () => Math.floor(random() * 10)).join("");
  switch (type) {
    case "bigint":
      return `${random() < 0.5 ? "-" : ""}${digits(18)}`;
    case "numeric":
      return `${digits(30)}.${digits(25)}`;
    case "numeric(12,3)":
      return `-${digits(8)}.${digits(3)}`;
    case "double precision": {
      const bytes = Buffer.from(createHash("sha256").update(String(random())).digest().subarray(0, 8));
      return String(bytes.readDoubleBE());
    }
    case "real": {
      const bytes = Buffer.from(createHash("sha256").update(String(random())).digest().subarray(0, 4));
      return String(bytes.readFloatBE());
    }
    case "timestamptz":
      return new Date(Math.floor(random() * 4e12) - 1e12).toISOString().replace("Z", `${digits(3)}Z`);
    case "text":
      return String.fromCodePoint(...Array.from({ length: 9 }, () => 1 + Math.floor(random() * 0xd000)));
    case "bytea":
      return `\\x${createHash("sha256").update(String(random())).digest("hex")}`;
    default:
      return undefined;
  }
}

/** A generator that a seed repeats. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function insert(
  { admin }: AgingDatabase,
  name: string,
  rows: readonly (string | null)[][],
  tenants: readonly string[],
): Promise<void> {
  const casts = Object.keys(types).map((type, i) => `$${i + 4}::${type === "money" ? "numeric::money" : type}`);
  for (const [id, row] of rows.entries()) {
    await admin.query(
      `INSERT INTO ecommerce.${name} (tenant_id, at, id, ${names.join(", ")}) VALUES ($1, $2, $3, ${casts.join(", ")})`,
      [
        tenants[id % tenants.length],
        `2023-01-${String(1 + (id % 28)).padStart(2, "0")}T12:00:00.00000${id % 10}Z`,
        id,
        ...row,
      ],
    );
  }
}

/** The rows of all files, as texts that PostgreSQL reads. */
async function rowsOfFiles(folder: string, name: string): Promise<readonly Record<string, string | null>[]> {
  const work = await mkdtemp(join(tmpdir(), "tenantry-reader-"));
  const duckdb = await DuckDb.open(work);
  try {
    const from = `read_parquet(${literal(`${folder}/cold/ecommerce.${name}/*/*/*.parquet`)}, union_by_name = true)`;
    const bytes = names[Object.keys(types).indexOf("bytea")];
    return await duckdb.query(
      `SELECT tenant_id::VARCHAR AS tenant_id, "at"::VARCHAR AS "at", id::VARCHAR AS id, doubled::VARCHAR AS doubled,
         ${names.map((column) => (column === bytes ? `'\\x' || lower(hex(${column})) AS ${column}` : `${column}::VARCHAR AS ${column}`)).join(", ")} FROM ${from}`,
    );
  } finally {
    duckdb.close();
    await rm(work, { recursive: true, force: true });
  }
}

test("moves rows of all types to files, and every value comes back", { skip }, async (t) => {
  for (const [what, pools] of [
    ["usual values", (type: string) => types[type] ?? []],
    ["values that files lack", (type: string) => [...(types[type] ?? []), ...(special[type] ?? [])]],
  ] as const) {
    await t.test(what, async (t) => {
      const aging = await agingDatabase(t);
      await createTypes(aging);
      await withAllTypes(aging, "things");
      const seed = randomBytes(4).readUInt32BE();
      t.diagnostic(`seed ${seed}`);
      await insert(aging, "things", rowsOf(seeded(seed), pools), [randomUUID(), randomUUID(), randomUUID()]);
      await aging.admin.query("CREATE TABLE ecommerce.kept AS SELECT * FROM ecommerce.things");
      await aging.admin.query("CREATE TABLE ecommerce.back (LIKE ecommerce.kept)");
      const { rowCount } = await aging.admin.query("SELECT FROM ecommerce.kept");

      withoutFailures(await aging.run());

      const { rows: left } = await aging.admin.query("SELECT FROM ecommerce.things");
      assert.equal(left.length, 0);
      const back = await rowsOfFiles(aging.folder, "things");
      assert.equal(back.length, rowCount);
      for (const row of back) {
        const columns = Object.keys(row);
        const casts = columns.map((column, i) => `$${i + 1}::${Object.keys(types)[names.indexOf(column)] ?? "text"}`);
        const own = columns.map((column, i) =>
          ["tenant_id", "at", "id", "doubled"].includes(column) ? `$${i + 1}` : casts[i],
        );
        await aging.admin.query(
          `INSERT INTO ecommerce.back (${columns.join(", ")}) VALUES (${own.join(", ")})`,
          Object.values(row),
        );
      }
      const text = (from: string) =>
        `SELECT tenant_id::text, at::text, id, doubled, ${names.map((column) => `CASE WHEN ${column} IS NOT NULL THEN format('%s', ${column}) END`).join(", ")} FROM ${from}`;
      const { rows: lost } = await aging.admin.query(`${text("ecommerce.kept")} EXCEPT ALL ${text("ecommerce.back")}`);
      assert.deepEqual(lost, []);
      const { rows: files } = await aging.admin.query(
        "SELECT sum(rows)::int AS rows, bool_and(verified_at IS NOT NULL) AS verified FROM tenantry.cold_file",
      );
      assert.deepEqual(files, [{ rows: rowCount, verified: true }]);
    });
  }
});
