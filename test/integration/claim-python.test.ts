import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { type ClaimReference, emit } from "../../client";
import { root } from "../../common/system/checkout";
import { pythonPackages } from "../servers/python/python-packages";
import { claimFixture, masterKey, onlyClaim } from "./claim-fixture";
import { placed } from "./client-tenants";
import { skip } from "./servers";

test("claim check in Python", { skip }, async (t) => {
  const packages = await pythonPackages();
  if ("missing" in packages) return t.skip(packages.missing);
  const fixture = await claimFixture(t);
  const { acme, globex, asAcme, claims, database, store } = fixture;
  const { host, port, user, password, database: name } = database.endpoint;
  const python = (args: readonly string[], input: Buffer | string) =>
    spawnSync("python3", [join(root, "test/servers/python/claim_check.py"), ...args], {
      input,
      env: {
        ...process.env,
        ...{ PYTHONPATH: packages.path, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
        ...{ PGDATABASE: name, CLAIM_MASTER_KEY: masterKey.key.toString("base64") },
      },
    });
  const payload = { orderId: "o-1", text: "ü\u0000€😀".repeat(2_000), total: "12.50" };

  await t.test("reads what the client emitted, and no other tenant's", async () => {
    await asAcme((client) => emit(client, { ...placed, payload }, { claims }));
    const reference = JSON.stringify(await onlyClaim(fixture));
    const read = python(["resolve", acme], reference);
    assert.equal(read.stderr.toString(), "");
    assert.deepEqual(JSON.parse(read.stdout.toString()), payload);
    assert.match(
      python(["resolve", globex], reference).stderr.toString(),
      /no event of tenant .* refers to the object/,
    );
  });

  await t.test("emits what the client reads, by the same tenant's key", async () => {
    const body = randomBytes(50_000);
    const before = await onlyClaim(fixture);
    await database.admin.query("DELETE FROM tenantry.outbox");
    const emitted = python(["emit", acme, fileURLToPath(store.url)], body);
    assert.equal(emitted.stderr.toString(), "");
    const reference: ClaimReference = await onlyClaim(fixture);
    assert.equal(reference.datakey, before.datakey);
    assert.ok(body.equals((await asAcme((client) => claims.resolve(client, reference))) as Buffer));
  });
});
