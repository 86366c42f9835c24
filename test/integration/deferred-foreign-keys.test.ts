import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { Client } from "pg";
import type { Application } from "../../architecture/application";
import { loadApplication } from "../../architecture/application-loader";
import { parseApplication } from "../../architecture/application-parser";
import { loadSqlParser } from "../../architecture/sql/sql-parser";
import { quoteIdentifier } from "../../common/identifier";
import { planForeignKeys } from "../../provider/postgres/live-foreign-keys";
import { freshDatabase, skip } from "./servers";

/** SQL from which foreign keys are hard to cut: comments; quotes, commas and parentheses in names; keys everywhere. */
const odd = `
CREATE TABLE "a'b" ("user" text PRIMARY KEY);
CREATE TABLE "Tenant's ""root""" (
  "Tenant Id" bigint PRIMARY KEY REFERENCES "My Schema"."Tenant's ""root""" DEFERRABLE INITIALLY DEFERRED,
  "group" text COLLATE "C" REFERENCES "a'b"
);
CREATE TABLE "its ""x"" (%s)" (
  "Tenant Id" bigint /* ( */ NOT NULL CONSTRAINT "the ""root""" REFERENCES "Tenant's ""root""" ("Tenant Id")
    ON DELETE CASCADE CHECK ("Tenant Id" > 0),
  -- é, (
  "order" timestamptz DEFAULT '2020-01-01' NOT NULL, -- the time
  FOREIGN KEY ("Tenant Id") REFERENCES "Tenant's ""root""", -- goes, its comment stays
  PRIMARY KEY ("Tenant Id", "order"),
  CONSTRAINT "z z" FOREIGN KEY ("Tenant Id") REFERENCES "Tenant's ""root""" MATCH FULL ON DELETE RESTRICT
) PARTITION BY RANGE ("order");
CREATE TABLE "Größe" (
  FOREIGN KEY ("Tenant Id") REFERENCES "Tenant's ""root""",
  "Tenant Id" bigint, "x,y" text REFERENCES "a'b" NOT NULL, PRIMARY KEY ("Tenant Id", "x,y")
);
ALTER TABLE "Größe" ADD "end" text, ADD CONSTRAINT "en,d" FOREIGN KEY ("end") REFERENCES "a'b" ON DELETE SET NULL,
  ADD "from" int;
ALTER TABLE ONLY "Größe" ADD FOREIGN KEY ("end") REFERENCES "a'b" ON UPDATE CASCADE;
`;
const oddYaml = `
tenant: { table: "Tenant's \\"root\\"", column: Tenant Id, type: bigint }
schema: My Schema
tables:
  'its "x" (%s)': { tenant: true, partition: { by: order, every: 1 week } }
  Größe: { tenant: true }
  a'b: { reference: true }
`;

for (const [name, load] of [
  ["ecommerce", async () => (await loadApplication(join(__dirname, "..", "..", "sql", "ecommerce"))).application],
  ["an application of odd names", loadOdd],
] as const) {
  test(`gives the tables of ${name} the same constraints as unchanged files would`, {
    skip,
  }, async (t) => {
    const application = await load();
    const { host, port, user, password, database, drop } = await freshDatabase();
    const client = new Client({ host, port, user, password, database });
    await client.connect();
    t.after(async () => {
      await client.end();
      await drop();
    });
    const written = await constraintsAfter(client, application, async () => {
      for (const file of application.files) await client.query(file.text);
    });
    const compiled = await constraintsAfter(client, application, async () => {
      for (const { statements } of application.files) for (const { sql } of statements) await client.query(sql);
      for (const { schema, name: table, foreignKeys } of application.tables) {
        const { add } = planForeignKeys({ schema, table }, [], foreignKeys, { partitioned: false, hasRows: false });
        for (const { sql } of add) await client.query(sql);
      }
    });
    assert.ok(written.some(({ type }) => type === "f"));
    assert.deepEqual(compiled, written);
  });
}

async function loadOdd(): Promise<Application> {
  await loadSqlParser();
  const sql = [{ path: "sql/odd/001_odd.sql", text: odd }];
  return parseApplication("odd", { path: "sql/odd/architecture.yaml", text: oddYaml }, sql);
}

interface FoundConstraint {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
  readonly definition: string;
}

async function constraintsAfter(client: Client, { schema }: Application, apply: () => Promise<void>) {
  const quoted = quoteIdentifier(schema);
  await client.query(`DROP SCHEMA IF EXISTS ${quoted} CASCADE; CREATE SCHEMA ${quoted}; SET search_path = ${quoted}`);
  await apply();
  const { rows } = await client.query<FoundConstraint>(
    `SELECT conrelid::regclass::text AS relation, conname AS name, contype AS type, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE connamespace = $1::regnamespace ORDER BY 1, 2`,
    [quoted],
  );
  return rows;
}
