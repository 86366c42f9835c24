import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as components from "tenantry/components";
import { mockedResources } from "./mocks";

const registered = mockedResources();
const folder = join(__dirname, "../../../components");

test("exports every component from the package", () => {
  const declared = readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), "utf8").matchAll(/^export class (\w+) extends pulumi\.ComponentResource/gm),
    ])
    .map(([, name]) => name);
  assert.deepEqual(declared.toSorted(), Object.keys(components).toSorted());
});

test("the example declares a cluster and its pooler, and no resource of tenantry's own provider", async () => {
  // The example's resources must be declared after the mocks are set.
  const { host } = require("../../../examples/components") as typeof import("../../../examples/components");
  assert.equal(host, "pooler.orders-database.svc");
  const wanted = ["citus-0-pods", "citus-1-pods", "pooler-pods"];
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    if (wanted.every((name) => registered.some((made) => made.name === name))) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const names = registered.map(({ name }) => name);
  assert.deepEqual(
    wanted.filter((name) => !names.includes(name)),
    [],
  );
  assert.ok(!registered.some(({ type }) => type === "pulumi:providers:tenantry"));
});
