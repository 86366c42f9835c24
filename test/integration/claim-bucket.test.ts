import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ClaimCheckError, Content, emit } from "../../client";
import { skipBucket, VersitygwServer } from "../servers/versitygw-server";
import { claimFixture, onlyClaim, temporary } from "./claim-fixture";
import { note, notes, placed } from "./client-tenants";
import { skip } from "./servers";

test("claim check with a bucket", { skip: skip || skipBucket }, async (t) => {
  const server = await VersitygwServer.start();
  t.after(() => server.kill());
  const fixture = await claimFixture(t, server.settings);
  const { asAcme, claims, database } = fixture;
  const folder = temporary();

  for (const [size, bytes] of [
    ["1 MB", 1_000_000],
    ["100 MB", 100_000_000],
  ] as const) {
    await t.test(`carries ${size} byte for byte`, async () => {
      const body = randomBytes(bytes);
      writeFileSync(join(folder, "in"), body);
      await asAcme((client) =>
        emit(client, { ...placed, payload: new Content({ path: join(folder, "in") }) }, { claims }),
      );
      const reference = await onlyClaim(fixture);
      await asAcme((client) => claims.download(client, reference, join(folder, "out")));
      assert.ok(readFileSync(join(folder, "out")).equals(body));
      assert.ok(body.equals((await asAcme((client) => claims.resolve(client, reference))) as Buffer));
      await database.admin.query("DELETE FROM tenantry.outbox");
    });
  }

  await t.test("fails the transaction soon and clearly while the store is down, and works again after", async () => {
    const payload = { text: "x".repeat(9_000) };
    server.kill();
    const start = Date.now();
    await assert.rejects(
      asAcme(async (client) => {
        await note(client, "without its event");
        await emit(client, { ...placed, payload }, { claims });
      }),
      (error: unknown) =>
        error instanceof ClaimCheckError && /Could not write s3:.*cannot be reached/s.test(error.message),
    );
    assert.ok(Date.now() - start < 30_000);
    assert.deepEqual(await asAcme(notes), []);
    await server.run();
    await asAcme((client) => emit(client, { ...placed, payload }, { claims }));
    assert.deepEqual(await asAcme(async (client) => claims.resolve(client, await onlyClaim(fixture))), payload);
  });

  await t.test("fails the transaction in time if the store hangs", async () => {
    server.kill("SIGSTOP");
    t.after(() => server.kill("SIGCONT"));
    const start = Date.now();
    await assert.rejects(
      asAcme((client) => emit(client, { ...placed, payload: { text: "x".repeat(9_000) } }, { claims })),
      /Could not write s3:/,
    );
    assert.ok(Date.now() - start < 60_000);
    server.kill("SIGCONT");
  });
});
