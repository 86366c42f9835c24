import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { run } from "../../../cli/lint";

const write =
  'import { Pool } from "pg"; const pool = new Pool(); export const save = () => pool.query("DELETE FROM carts");';
const place = (module: string) =>
  `import { Kafka } from "kafkajs"; import { save } from "${module}"; const producer = new Kafka({}).producer();
export async function place() { await save(); await producer.send({}); }`;

/** Runs lint in a folder with these files. Returns the findings and the notes. */
async function lintFiles(t: test.TestContext, files: Readonly<Record<string, string | object>>, paths = ["."]) {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-lint-"));
  const noted = t.mock.method(console, "error", () => undefined);
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), typeof text === "string" ? text : JSON.stringify(text));
    }
    let printed = "";
    await run(
      paths,
      "github",
      (text) => {
        printed += text;
      },
      folder,
    );
    const found = [...printed.matchAll(/file=([^,]*),line=(\d+),.*title=([\w-]+)/g)];
    return {
      found: found.map(([, file, line, rule]) => `${file}:${line} ${rule}`),
      notes: noted.mock.calls.map(({ arguments: [text] }) => String(text)),
    };
  } finally {
    noted.mock.restore();
    rmSync(folder, { recursive: true });
  }
}

const apart = ["apps/api/place.ts:2 dual-write"];
const resolved: Readonly<Record<string, readonly [module: string, files: Readonly<Record<string, string | object>>]>> =
  {
    "a package by its name": [
      "@acme/db",
      { "packages/db/package.json": { name: "@acme/db" }, "packages/db/src/index.ts": write },
    ],
    "a package by what it exports, compiled": [
      "@acme/db",
      {
        "packages/db/package.json": {
          name: "@acme/db",
          exports: { ".": { types: "./dist/main.d.ts", import: "./dist/main.js" } },
        },
        "packages/db/src/main.ts": write,
      },
    ],
    "a package by its main file": [
      "@acme/db",
      { "packages/db/package.json": { name: "@acme/db", main: "lib/db.js" }, "packages/db/src/db.ts": write },
    ],
    "a file of a package": [
      "@acme/db/carts",
      { "packages/db/package.json": { name: "@acme/db" }, "packages/db/src/carts.ts": write },
    ],
    "a file of a package, by its exports": [
      "@acme/db/carts",
      {
        "packages/db/package.json": { name: "@acme/db", exports: { "./carts": "./dist/tables/carts.js" } },
        "packages/db/src/tables/carts.ts": write,
      },
    ],
    "what a package exports again": [
      "@acme/db",
      {
        "packages/db/package.json": { name: "@acme/db" },
        "packages/db/index.ts": 'export * from "./tables/";',
        "packages/db/tables/index.ts": 'export * from "./carts.js";',
        "packages/db/tables/carts.ts": write,
      },
    ],
    "a path of tsconfig.json": [
      "@db",
      {
        "tsconfig.json": '{ // comments\n "compilerOptions": { "paths": { "@db": ["./packages/db/x.ts"], }, }, }',
        "packages/db/x.ts": write,
      },
    ],
    "a path with a star, from a base": [
      "~/carts",
      {
        "apps/api/tsconfig.json": { compilerOptions: { baseUrl: "../../packages", paths: { "~/*": ["db/*"] } } },
        "packages/db/carts.ts": write,
      },
    ],
    "a path of a tsconfig.json that is extended": [
      "@db/carts",
      {
        "tsconfig.base.json": { compilerOptions: { baseUrl: ".", paths: { "@db/*": ["packages/db/src/*"] } } },
        "apps/api/tsconfig.json": { extends: "../../tsconfig.base.json" },
        "packages/db/src/carts.ts": write,
      },
    ],
  };

for (const [name, [module, files]] of Object.entries(resolved)) {
  test(`follows an import to ${name}`, async (t) => {
    assert.deepEqual((await lintFiles(t, { ...files, "apps/api/place.ts": place(module) })).found, apart);
  });
}

test("accepts imports without a target, and JSON files that cannot be read", async (t) => {
  const files = {
    "package.json": "{",
    "tsconfig.json": "[]",
    "a/package.json": "null",
    "a/place.ts": place("@acme/none"),
  };
  assert.deepEqual((await lintFiles(t, files)).found, []);
});

const described = {
  "architecture.yaml": "tenant: { table: tenants }\ntables:\n  carts: { tenant: true }\n",
  "010_carts.sql":
    "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);\nCREATE TABLE carts (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));\n",
};
const inFolder = (folder: string) =>
  Object.fromEntries(Object.entries(described).map(([name, text]) => [join(folder, name), text]));
const query = 'import { Pool } from "pg"; new Pool().query("SELECT id FROM carts");';
const asked = (file: string) => `${file}:1 query-without-tenant`;

test("judges code by the description beside it, in sql/ further up, or the only one among the paths", async (t) => {
  for (const folder of ["src", "sql/shop", "db/schema"]) {
    const { found, notes } = await lintFiles(t, { ...inFolder(folder), "src/a.ts": query });
    assert.deepEqual([found, notes], [[asked("src/a.ts")], []], folder);
  }
});

test("notes once that no application's rules judge foreign code", async (t) => {
  const foreign = 'import { Pool } from "pg"; new Pool().query("SELECT total FROM orders");';
  const { found, notes } = await lintFiles(t, { "src/a.ts": foreign, "src/b.ts": foreign });
  assert.deepEqual(found, []);
  assert.equal(notes.length, 1);
  assert.match(
    notes[0] ?? "",
    /^No architecture\.yaml belongs to this code[\s\S]*src\/a\.ts and 1 others[\s\S]*`applications` in tenantry-lint\.yaml/,
  );
});

test("chooses the application of code by the settings if sql/ has several", async (t) => {
  const files = { ...inFolder("sql/shop"), ...inFolder("sql/depot"), "src/a.ts": query };
  const unsaid = await lintFiles(t, files, ["src"]);
  assert.deepEqual([unsaid.found, unsaid.notes.length], [[], 1]);
  const said = await lintFiles(t, { ...files, "tenantry-lint.yaml": 'applications: { shop: ["src/**"] }' }, ["src"]);
  assert.deepEqual([said.found, said.notes], [[asked("src/a.ts")], []]);
});
