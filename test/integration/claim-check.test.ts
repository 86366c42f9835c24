import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import test from "node:test";
import {
  ClaimCheckError,
  type ClaimReference,
  Claims,
  Content,
  emit,
  isClaim,
  type MasterKey,
  openClaims,
  rotateMasterKey,
  withTenant,
} from "../../client";
import { openStore } from "../../store/open-store";
import { claimFixture, masterKey, onlyClaim, sha256, temporary } from "./claim-fixture";
import { note, notes, placed } from "./client-tenants";
import { skip } from "./servers";

test("claim check on a real server", { skip }, async (t) => {
  const fixture = await claimFixture(t);
  const { database, acme, globex, pool, asAcme, claims, store } = fixture;
  const clear = () => database.admin.query("DELETE FROM tenantry.outbox");
  const large = { orderId: "o-1", text: "ü\u0000€😀".repeat(5_000), total: "12.50" };

  await t.test("leaves payloads up to the limit in the event, by the size that PostgreSQL counts", async () => {
    // PostgreSQL's text has a blank behind each comma, and writes out exponents.
    const fits = { list: Array.from({ length: 2_700 }, () => 1) };
    const exceeds = { list: Array.from({ length: 2_800 }, () => 1) };
    const exponents = Array.from({ length: 100 }, () => 1e300);
    for (const payload of [fits, exceeds, exponents]) {
      await asAcme((client) => emit(client, { ...placed, payload }, { claims }));
    }
    const stored = await fixture.payloads(acme);
    assert.deepEqual(
      stored.filter((payload) => !isClaim(payload)),
      [fits],
    );
    assert.equal(stored.filter(isClaim).length, 2);
    await clear();
  });

  await t.test("stores a larger payload encrypted, and the event refers to it", async () => {
    const id = await asAcme((client) => emit(client, { ...placed, payload: large }, { claims }));
    const reference = await onlyClaim(fixture);
    const json = Buffer.from(JSON.stringify(large));
    assert.deepEqual(
      { ...reference, datasha256: "", datakey: "", dataref: "" },
      {
        dataref: "",
        datacontenttype: "application/json",
        datasha256: "",
        databytes: json.length,
        datakey: "",
        dataencryption: "A256GCM",
      },
    );
    assert.equal(reference.dataref, `${store.url}/claims/tenant_id=${acme}/${reference.datasha256}`);
    const object = await buffer(await store.get(`claims/tenant_id=${acme}/${reference.datasha256}`));
    assert.equal(sha256(object), reference.datasha256);
    assert.equal(object.length, json.length + 28);
    assert.equal(object.indexOf(json.subarray(0, 40)), -1);
    const { rows } = await database.admin.query(
      "SELECT tenant_id, event_id, bytes::int FROM tenantry.claim WHERE sha256 = $1",
      [reference.datasha256],
    );
    assert.deepEqual(rows, [{ tenant_id: acme, event_id: id, bytes: json.length }]);
    assert.deepEqual(await asAcme((client) => claims.resolve(client, reference)), large);
  });

  await t.test("returns a payload that refers to nothing as it is", async () => {
    for (const payload of [{ orderId: "o-1" }, null, [1], "text", { dataref: "https://example.com/x" }]) {
      assert.deepEqual(await asAcme((client) => claims.resolve(client, payload)), payload);
    }
  });

  await t.test("refuses another tenant's reference", async () => {
    const reference = await onlyClaim(fixture);
    await assert.rejects(
      withTenant(pool, globex, (client) => claims.resolve(client, reference)),
      (error: unknown) => {
        assert.ok(error instanceof ClaimCheckError);
        return /no event of tenant .* refers to the object [0-9a-f]+: It belongs to another tenant/.test(error.message);
      },
    );
    // With a claim of its own, a tenant still can't lead the reference to another's object.
    await withTenant(pool, globex, (client) => emit(client, { ...placed, payload: large }, { claims }));
    const own = await onlyClaim(fixture, globex);
    await assert.rejects(
      withTenant(pool, globex, (client) => claims.resolve(client, { ...own, dataref: reference.dataref })),
      /which is not this tenant's object in file:/,
    );
  });

  await t.test("finds an object that was changed, exchanged or deleted", async () => {
    const reference = await onlyClaim(fixture);
    const key = `claims/tenant_id=${acme}/${reference.datasha256}`;
    const object = await buffer(await store.get(key));
    const changed = Buffer.from(object);
    changed[100] = (changed[100] ?? 0) ^ 1;
    const resolved = () => asAcme((client) => claims.resolve(client, reference));
    for (const body of [changed, object.subarray(1), Buffer.alloc(0)]) {
      await store.put(key, body);
      await assert.rejects(resolved(), /Somebody changed file:.*: its SHA-256 is [0-9a-f]+, and the event says/);
    }
    await store.delete([key]);
    await assert.rejects(resolved(), /Could not read file:.*The store has no such object/s);
    await store.put(key, object);
    assert.deepEqual(await resolved(), large);
    // Whoever may change both the object and the event still lacks the tenant's key.
    const forged = {
      ...reference,
      datasha256: sha256(changed),
      dataref: `${store.url}/claims/tenant_id=${acme}/${sha256(changed)}`,
    };
    await store.put(`claims/tenant_id=${acme}/${forged.datasha256}`, changed);
    await database.admin.query(
      "INSERT INTO tenantry.claim SELECT tenant_id, $2, event_id, bytes FROM tenantry.claim WHERE sha256 = $1",
      [reference.datasha256, forged.datasha256],
    );
    await assert.rejects(
      asAcme((client) => claims.resolve(client, forged)),
      /does not decrypt by its tenant's key/,
    );
    await store.delete([`claims/tenant_id=${acme}/${forged.datasha256}`]);
  });

  await t.test("gives the tenants' keys to no other tenant, and to nobody by the row itself", async () => {
    const { rows } = await withTenant(pool, globex, (client) =>
      client.query("SELECT tenant_id FROM tenantry.tenant_key UNION ALL SELECT tenant_id FROM tenantry.claim"),
    );
    assert.deepEqual(new Set(rows.map(({ tenant_id }) => tenant_id)), new Set([globex]));
    const other = await openClaims({ store: fixture.settings, masterKeys: [{ id: "first", key: randomBytes(32) }] });
    const reference = await onlyClaim(fixture);
    await assert.rejects(
      asAcme((client) => other.resolve(client, reference)),
      /`first` does not decrypt the tenant's key/,
    );
  });

  await t.test("rotates the master key, and goes on where a killed run ended", async () => {
    const next: MasterKey = { id: "second", key: randomBytes(32).toString("base64") };
    const both = await openClaims({ store: fixture.settings, masterKeys: [next, masterKey] });
    const reference = await onlyClaim(fixture);
    assert.deepEqual(await asAcme((client) => both.resolve(client, reference)), large);
    assert.equal(await rotateMasterKey(database.admin, { masterKeys: [next, masterKey] }), 2);
    assert.equal(await rotateMasterKey(database.admin, { masterKeys: [next, masterKey] }), 0);
    const only = await openClaims({ store: fixture.settings, masterKeys: [next] });
    assert.deepEqual(await asAcme((client) => only.resolve(client, reference)), large);
    await assert.rejects(
      asAcme((client) => claims.resolve(client, reference)),
      /`second` is not among the given ones \(`first`\)/,
    );
    assert.equal(await rotateMasterKey(database.admin, { masterKeys: [masterKey, next] }), 2);
  });

  await t.test("refuses to rotate as a role that sees only some rows", async () => {
    const client = await pool.connect();
    t.after(() => undefined);
    try {
      await assert.rejects(rotateMasterKey(client, { masterKeys: [masterKey] }), /row-level security policy/);
    } finally {
      client.release(true);
    }
  });

  await t.test(
    "can read nothing of a tenant whose key was erased, and encrypts new payloads with another one",
    async () => {
      const reference = await onlyClaim(fixture);
      await database.admin.query("DELETE FROM tenantry.tenant_key WHERE tenant_id = $1", [acme]);
      await assert.rejects(
        asAcme((client) => claims.resolve(client, reference)),
        /the key .* of tenant .* was erased/,
      );
      await clear();
      await asAcme((client) => emit(client, { ...placed, payload: large }, { claims }));
      const next = await onlyClaim(fixture);
      assert.notEqual(next.datakey, reference.datakey);
      assert.deepEqual(await asAcme((client) => claims.resolve(client, next)), large);
      await assert.rejects(
        asAcme((client) => claims.resolve(client, reference)),
        /was erased/,
      );
      await clear();
    },
  );

  await t.test("gives a tenant one key, however many begin with it at once", async () => {
    const wide = database.pool(6);
    const fresh = crypto.randomUUID();
    await Promise.all(
      Array.from({ length: 6 }, () =>
        withTenant(wide, fresh, (client) => emit(client, { ...placed, payload: large }, { claims })),
      ),
    );
    const payloads = (await fixture.payloads(fresh)) as ClaimReference[];
    assert.equal(payloads.length, 6);
    assert.equal(new Set(payloads.map(({ datakey }) => datakey)).size, 1);
    for (const payload of payloads) {
      assert.deepEqual(await withTenant(wide, fresh.toUpperCase(), (client) => claims.resolve(client, payload)), large);
    }
  });

  await t.test("stores bytes and files of any type, and needs the claim check for them", async () => {
    const folder = temporary();
    const body = randomBytes(300_000);
    writeFileSync(join(folder, "invoice.pdf"), body);
    for (const content of [
      new Content(body, "application/pdf"),
      new Content({ path: join(folder, "invoice.pdf") }, "application/pdf"),
      new Content(Buffer.alloc(0)),
    ]) {
      await clear();
      await asAcme((client) => emit(client, { ...placed, payload: content }, { claims }));
      const reference = await onlyClaim(fixture);
      assert.equal(reference.datacontenttype, content.contentType);
      const expected = Buffer.isBuffer(content.body) ? content.body : body;
      assert.ok(expected.equals((await asAcme((client) => claims.resolve(client, reference))) as Buffer));
      await asAcme((client) => claims.download(client, reference, join(folder, "out")));
      assert.ok(readFileSync(join(folder, "out")).equals(expected));
    }
    await assert.rejects(
      asAcme((client) => emit(client, { ...placed, payload: new Content(body) })),
      /the option `claims`/,
    );
    await clear();
  });

  await t.test("fails a transaction whose payload can't be stored, even if the error is caught", async () => {
    const broken = new Claims(
      await openStore({ folder: "/proc/none", prefix: "p" }),
      (claims as unknown as { masterKeys: never }).masterKeys,
    );
    const work = (isCaught: boolean) =>
      asAcme(async (client) => {
        await note(client, "without its event");
        const emitted = emit(client, { ...placed, payload: large }, { claims: broken });
        await (isCaught ? emitted.catch(() => undefined) : emitted);
      });
    for (const isCaught of [false, true]) {
      await assert.rejects(work(isCaught), (error: unknown) => {
        assert.ok(error instanceof ClaimCheckError);
        return /Could not write file:\/\/\/proc\/none.*The store's folder cannot be used/s.test(error.message);
      });
    }
    assert.deepEqual(await asAcme(notes), []);
    assert.deepEqual(await fixture.payloads(acme), []);
  });

  await t.test(
    "emit_claim refuses a reference that is no name of its object, and a second event for one object",
    async () => {
      const emitClaim = (tenant: string, dataref: string, hash: string) =>
        asAcme((client) =>
          client.query(
            "SELECT tenantry.emit_claim($1, 'order', 'o', 'T', $2, $3, 1, gen_random_uuid(), 'text/plain')",
            [tenant, dataref, hash],
          ),
        );
      const hash = sha256(Buffer.from("x"));
      await assert.rejects(emitClaim(acme, `s3://b/claims/${hash}`, "short"), /does not end in the SHA-256/);
      await assert.rejects(emitClaim(acme, "s3://b/claims/other", hash), /does not end in the SHA-256/);
      await assert.rejects(emitClaim(globex, `s3://b/${hash}`, hash), /is not the tenant of this transaction/);
      await emitClaim(acme, `s3://b/${hash}`, hash);
      await assert.rejects(emitClaim(acme, `s3://b/${hash}`, hash), { code: "23505" });
      await clear();
    },
  );
});
