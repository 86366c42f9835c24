import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { run } from "../../../cli/lint";
import { root } from "../../../common/system/checkout";
import type { Format } from "../../../lint/lint-format";

const bad = "SELECT 1;\nALTER TABLE customers DROP COLUMN phone;\n";
const what = "Dropping column `customers.phone` breaks every running release that reads or writes it";

/** Lints a folder with these files, from within it. */
async function lintFiles(files: Readonly<Record<string, string | Buffer>>, format: Format = "text") {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-lint-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    let printed = "";
    const print = (text: string) => {
      printed += text;
    };
    return { code: await run(["."], format, print, folder), printed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("ends with 1 for findings, and prints place, line, harm, fix, rule and its page", async () => {
  const { code, printed } = await lintFiles({ "a/b.sql": bad });
  assert.equal(code, 1);
  assert.match(printed, /a\/b\.sql:2:\d+: Dropping column `customers\.phone` breaks/);
  assert.match(printed, /\n {2}fix: {6}Write it as a schema change, which drops the column once nothing uses it/);
  assert.match(printed, /\n {2}rule: {5}drop-column \(error\): docs\/rules\/drop-column\.md\n\n1 error, 0 warnings\n$/);
});

test("ends with 0 without findings", async () => {
  assert.deepEqual(await lintFiles({ "a.sql": "SELECT 1;" }), { code: 0, printed: "Nothing found.\n" });
  assert.deepEqual(await lintFiles({ "a.sql": "SELECT 1;" }, "json"), { code: 0, printed: "[]\n" });
  assert.deepEqual(await lintFiles({ "a.sql": "SELECT 1;" }, "github"), { code: 0, printed: "" });
});

test("ends with 2 for missing paths and for paths without files to lint", async (t) => {
  const errors = t.mock.method(console, "error", () => undefined);
  assert.equal(await run(["/nowhere/at/all"], "text"), 2);
  assert.match(String(errors.mock.calls[0]?.arguments[0]), /There is no such file or folder/);
  assert.equal((await lintFiles({ "a.txt": "" })).code, 2);
  assert.match(String(errors.mock.calls[1]?.arguments[0]), /There is nothing to lint/);
});

test("skips a folder with a file's name and a broken link, and lints the other files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-lint-"));
  try {
    mkdirSync(join(folder, "x.sql"));
    writeFileSync(join(folder, "x.sql", "b.sql"), bad);
    symlinkSync(join(folder, "nowhere"), join(folder, "y.sql"));
    let printed = "";
    const code = await run(
      ["."],
      "text",
      (text) => {
        printed += text;
      },
      folder,
    );
    assert.equal(code, 1);
    assert.match(printed, /x\.sql\/b\.sql:2:\d+: Dropping column/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reports a file that is not text, and lints the others", async () => {
  const { code, printed } = await lintFiles(
    {
      "a.sql": Buffer.from("SELECT 1;\n-- caf\xe9\n", "latin1"),
      "b.sql": Buffer.from("\ufeffSELECT 1;", "utf16le"),
      "c.sql": bad,
    },
    "json",
  );
  assert.equal(code, 1);
  assert.deepEqual(
    JSON.parse(printed).map(({ rule, file, line, what }: Record<string, unknown>) => [rule, file, line, what]),
    [
      ["syntax", "a.sql", 2, "The file is not UTF-8"],
      ["syntax", "b.sql", undefined, "The file is UTF-16"],
      ["drop-column", "c.sql", 2, what],
    ],
  );
});

test("reports a folder named architecture.yaml", async () => {
  const { code, printed } = await lintFiles({ "shop/architecture.yaml/x.txt": "", "shop/010_a.sql": "SELECT 1;" });
  assert.equal(code, 1);
  assert.match(printed, /^shop\/architecture\.yaml: The path leads to a folder, but a file is expected\n/);
});

test("accepts a byte order mark, other line ends and a file extension in capitals", async () => {
  const { printed } = await lintFiles({ "a.SQL": `\ufeff${bad}`, "b.sql": bad.replaceAll("\n", "\r") }, "github");
  assert.deepEqual(
    [...printed.matchAll(/file=([^,]+),line=(\d+),/g)].map(([, ...at]) => at.join(":")),
    ["a.SQL:2", "b.sql:2"],
  );
});

test("reports code and SQL that nest too deeply as an error in their file, and lints the others", async () => {
  const sum = Array(50_000).fill("'a'").join(" || ");
  const { code, printed } = await lintFiles(
    { "a.sql": `SELECT ${sum};`, "b.ts": `client.query("SELECT ${sum}");\nexport const x = ${sum};`, "c.sql": bad },
    "github",
  );
  assert.equal(code, 1);
  assert.deepEqual(
    [...printed.matchAll(/file=([^,]+),.*title=([\w-]+)/g)].map(([, ...parts]) => parts.join(" ")).sort(),
    ["a.sql syntax", "b.ts syntax", "c.sql drop-column"],
  );
});

test("lints migrations of goose, Flyway and Prisma in the way in which the tool runs them", async () => {
  const concurrently = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON customers (name);";
  const { printed } = await lintFiles(
    {
      "goose/001_a.sql": `-- +goose NO TRANSACTION\n-- +goose Up\n${concurrently}\n-- +goose Down\nDROP TABLE customers;\n`,
      "goose/002_b.sql": `-- +goose Up\n${bad}\n-- +goose Down\nALTER TABLE customers ADD COLUMN phone text;`,
      "flyway/V1__a.sql": concurrently,
      "flyway/V1__a.sql.conf": "executeInTransaction=false\n",
      "flyway/V2__b.sql": concurrently,
      "flyway/V3__c.sql": `${concurrently}\nANALYZE customers;`,
      "flyway/U2__b.sql": "DROP TABLE customers;",
      "prisma/migrations/20240101000000_a/migration.sql":
        'ALTER TABLE "customers" ADD CONSTRAINT "c" CHECK ("name" IS NOT NULL) NOT VALID;',
      "prisma/migrations/20240102000000_b/migration.sql": bad,
      "prisma/migrations/20240103000000_c/migration.sql": concurrently,
      "prisma/migrations/20240104000000_d/migration.sql": `${concurrently}\nANALYZE customers;`,
      "prisma/migrations/20240105000000_e/migration.sql": "BEGIN;\nANALYZE customers;\nCOMMIT;",
      "prisma/migrations/20240106000000_f/migration.sql": 'CREATE TABLE "logs" ("id" uuid PRIMARY KEY);',
    },
    "github",
  );
  assert.deepEqual(
    [...printed.matchAll(/file=([^,]+),.*title=([\w-]+)/g)].map(([, ...parts]) => parts.join(" ")).sort(),
    [
      "flyway/V3__c.sql concurrently-in-transaction",
      "goose/002_b.sql drop-column",
      "prisma/migrations/20240102000000_b/migration.sql drop-column",
      "prisma/migrations/20240104000000_d/migration.sql concurrently-in-transaction",
    ],
  );
});

test("ends with 3 for an internal error, so that it doesn't look like a finding", async (t) => {
  const errors = t.mock.method(console, "error", () => undefined);
  const fail = () => {
    throw new RangeError("out of range");
  };
  const folder = mkdtempSync(join(tmpdir(), "tenantry-lint-"));
  try {
    writeFileSync(join(folder, "a.sql"), bad);
    assert.equal(await run(["."], "text", fail, folder), 3);
    assert.match(String(errors.mock.calls[0]?.arguments[0]), /out of range/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("json has one object for each finding", async () => {
  const [finding, ...others] = JSON.parse((await lintFiles({ "b.sql": bad }, "json")).printed);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [finding.rule, finding.severity, finding.line, finding.what, finding.page],
    ["drop-column", "error", 2, what, "docs/rules/drop-column.md"],
  );
});

test("sarif names the rule, the level and the region", async () => {
  const sarif = JSON.parse((await lintFiles({ "b.sql": bad }, "sarif")).printed);
  const [result] = sarif.runs[0].results;
  assert.deepEqual([sarif.version, result.ruleId, result.level], ["2.1.0", "drop-column", "error"]);
  assert.equal(result.locations[0].physicalLocation.region.startLine, 2);
});

test("github writes one workflow command for each finding", async () => {
  const { printed } = await lintFiles({ "b.sql": bad }, "github");
  assert.match(printed, /^::error file=b\.sql,line=2,col=\d+,title=drop-column::Dropping column/);
});

test("the repository's own code, examples and benchmarks have no findings", async () => {
  const rooms =
    "architecture bench cli client components connectors examples kafka local provider stacks verify index.ts program.ts";
  let printed = "";
  const code = await run(
    rooms.split(" ").map((room) => join(root, room)),
    "text",
    (text) => {
      printed += text;
    },
  );
  assert.deepEqual([code, printed], [0, "Nothing found.\n"]);
});

test("without paths it lints every application in sql/, and finds nothing in the repository's own", async () => {
  let printed = "";
  const code = await run([], "text", (text) => {
    printed += text;
  });
  assert.deepEqual([code, printed], [0, "Nothing found.\n"]);
});

test("reads the configuration in the folder or above it, with excluded paths and severities", async () => {
  const files = { "test/a.sql": bad, "tenantry-lint.yaml": "exclude: [test/**]\nrules: { drop-column: warning }" };
  assert.deepEqual(await lintFiles(files), { code: 0, printed: "Nothing found.\n" });
  const { code, printed } = await lintFiles({ ...files, "sql/b.sql": bad });
  assert.equal(code, 1);
  assert.match(printed, /^sql\/b\.sql:2:[\s\S]*drop-column \(warning\)[\s\S]*0 errors, 1 warning\n$/);
});

test("ends with 2 for an invalid configuration, and reports all its errors", async (t) => {
  const errors = t.mock.method(console, "error", () => undefined);
  const files = { "a.sql": bad, "tenantry-lint.yaml": "rules: { drop-colum: off, drop-tabel: off }" };
  assert.equal((await lintFiles(files)).code, 2);
  const message = String(errors.mock.calls[0]?.arguments[0]);
  assert.match(message, /There is no rule `drop-colum`[\s\S]*Write `drop-column`[\s\S]*There is no rule `drop-tabel`/);
});

test("ends with 2 for an unknown application, and suggests a similar name", async (t) => {
  const errors = t.mock.method(console, "error", () => undefined);
  const files = { "a.ts": "run();", "tenantry-lint.yaml": "applications: { ecomerce: ['*.ts'] }" };
  assert.equal((await lintFiles(files)).code, 2);
  assert.match(
    String(errors.mock.calls[0]?.arguments[0]),
    /no application `ecomerce` in sql\/[\s\S]*Write `ecommerce`/,
  );
});

test("lints code, connectors and stacks below a folder, but no other YAML and JSON", async () => {
  const { printed } = await lintFiles(
    {
      "src/a.ts": 'client.query("SELECT FROM tenantry.outbox FOR UPDATE SKIP LOCKED");',
      "connectors/a.json": '{ "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector" }',
      "stacks/Pulumi.prod.yaml": "config: { tenantry:allow: [drop shop.carts] }",
      "other/Pulumi.dev.yaml": "encryptionsalt: v1:of another project",
      "package.json": "{ not even JSON",
      "other.yaml": "a: [",
    },
    "github",
  );
  const found = [...printed.matchAll(/file=([^,]+),line=(\d+).*title=([\w-]+)/g)].map(([, ...parts]) =>
    parts.join(" "),
  );
  assert.deepEqual(found, [
    "src/a.ts 1 outbox-polling",
    "connectors/a.json 1 outbox-polling",
    "stacks/Pulumi.prod.yaml 1 unlisted-drop",
  ]);
});
