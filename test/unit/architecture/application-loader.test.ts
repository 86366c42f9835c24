import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { loadApplication } from "../../../architecture/application-loader";
import { standardDefaults } from "../../../architecture/defaults";

test("loads an application's folder, with paths relative to the project", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const shop = join(folder, "sql", "shop");
  mkdirSync(shop, { recursive: true });
  writeFileSync(join(shop, "architecture.yaml"), "tenant: { table: tenants }\ntables: {}\n");
  writeFileSync(join(shop, "001_tenants.sql"), "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);");
  writeFileSync(join(shop, "README.md"), "Not SQL.");
  const { application, base } = await loadApplication(shop, standardDefaults, join(folder, "no-base"));
  assert.equal(application.name, "shop");
  assert.deepEqual(
    application.files.map(({ path }) => path),
    ["sql/shop/001_tenants.sql"],
  );
  assert.deepEqual(base, []);
});

test("rejects an unknown application, and suggests an existing one", async () => {
  const folder = join(__dirname, "..", "..", "..", "sql", "ecomerce");
  await assert.rejects(loadApplication(folder), (error: Error) => {
    assert.match(error.message, /^There is no application `ecomerce`/);
    assert.match(error.message, /Write `ecommerce`, if that is what you mean$/);
    return true;
  });
});

test("reports together all files that are not UTF-8 text", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const shop = join(folder, "sql", "shop");
  mkdirSync(join(shop, "003_c.sql"), { recursive: true });
  writeFileSync(join(shop, "architecture.yaml"), "tenant: { table: tenants }\ntables: {}\n");
  writeFileSync(join(shop, "001_a.sql"), Buffer.from("-- caf\xe9", "latin1"));
  writeFileSync(join(shop, "002_b.SQL"), Buffer.from("\ufeffSELECT 1;", "utf16le"));
  await assert.rejects(loadApplication(shop), (error: Error) => {
    assert.match(error.message, /001_a\.sql:1:7: The file is not UTF-8[\s\S]*002_b\.SQL: The file is UTF-16/);
    assert.match(error.message, /003_c\.sql: The path leads to a folder, but a file is expected/);
    return true;
  });
});

test("accepts a byte order mark, lines that end by CR, and `.SQL` in capitals", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const shop = join(folder, "sql", "shop");
  mkdirSync(shop, { recursive: true });
  writeFileSync(join(shop, "architecture.yaml"), "\ufeff# The shop\rtenant: { table: tenants }\rtables: {}\r");
  writeFileSync(
    join(shop, "001_tenants.SQL"),
    "\ufeff-- Tenants\rCREATE TABLE tenants (tenant_id uuid PRIMARY KEY);\r",
  );
  const { application } = await loadApplication(shop, standardDefaults, join(folder, "no-base"));
  assert.deepEqual(
    application.files.flatMap(({ statements }) => statements),
    [{ sql: "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY)", line: 2 }],
  );
});
