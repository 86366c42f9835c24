import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { Endpoints } from "../../../architecture/endpoints";
import { Problems } from "../../../common/problem";
import { readEndpoints, writeEndpoints } from "../../../local/endpoints-file";

const endpoints: Endpoints = {
  postgres: {
    host: "127.0.0.1",
    port: 1,
    user: "postgres",
    password: "hush",
    database: "shop",
    sslmode: "disable",
    nodes: [{ name: "coordinator", host: "127.0.0.1", port: 1 }],
    roles: { cdc: { user: "shop_cdc", password: "hush" } },
  },
  kafka: { bootstrapServers: ["127.0.0.1:2"] },
  connect: { url: "http://127.0.0.1:3", databasePassword: "${file:/x:cdc}" },
};

function file(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "endpoints-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "endpoints.yaml");
}

test("reads what it wrote, and only the owner can read the file", (context) => {
  const path = file(context);
  writeEndpoints(path, endpoints);
  assert.deepEqual(readEndpoints(path), endpoints);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("reports a damaged file without its secrets, with `up` as the fix", (context) => {
  const path = file(context);
  for (const text of ["{", "postgres: hush", ""]) {
    writeFileSync(path, text);
    assert.throws(
      () => readEndpoints(path),
      (error: unknown) =>
        error instanceof Problems && /tenantry local up/.test(error.message) && !error.message.includes("hush"),
    );
  }
});

test("reports for a missing file that the servers have never run", (context) => {
  assert.throws(() => readEndpoints(file(context)), /have never run here/);
});
