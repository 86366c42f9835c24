import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { renderProblem } from "../../../common/problem";
import { createAuthority, issueCertificate } from "../../../components/citus/certificates";
import { StoreError } from "../../../store/errors";
import { S3Store } from "../../../store/s3-store";
import type { BucketSettings } from "../../../store/store-settings";
import { smallDisk } from "../../servers/small-disk";
import { skipBucket as skip, VersitygwServer } from "../../servers/versitygw-server";
import { lasting } from "../lasting";
import { collect, storeContract } from "./contract";

/** TENANTRY_TEST_BUCKET names another server's bucket, as the JSON of `tenantry:store`. */
const given = process.env.TENANTRY_TEST_BUCKET;
let server: VersitygwServer | undefined;
let settings: BucketSettings;

test.before(async () => {
  if (!skip && !given) server = await VersitygwServer.start();
  settings = given ? JSON.parse(given) : server?.settings;
});
test.after(() => server?.kill());

const fresh = async () => new S3Store({ ...settings, prefix: `test/${randomBytes(6).toString("hex")}` });
const shown = async (changed: Partial<BucketSettings>) =>
  (await new S3Store({ ...settings, ...changed }).check()).map(renderProblem).join("\n");

storeContract("a bucket", fresh, skip);

test("shows its place without the login", { skip }, async () => {
  const store = await fresh();
  assert.match(store.url, /^s3:\/\/shop\/test\/[0-9a-f]+$/);
});

test("signs a URL that reads the object without a login, and no longer than a week", { skip }, async () => {
  const store = await fresh();
  await store.put("a/ü b.txt", Buffer.from("hello"));
  const answer = await fetch(await store.signedUrl("a/ü b.txt", lasting("1 minute")));
  assert.equal(await answer.text(), "hello");
  await assert.rejects(store.signedUrl("a", lasting("8 days")), /A signed URL can't live so long\n +got: +8 days\n/);
});

test("lists and deletes more objects than one answer holds", { skip }, async () => {
  const store = await fresh();
  const keys = Array.from({ length: 1_003 }, (_, index) => `many/${String(index).padStart(5, "0")}`);
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from("1"))));
  }
  assert.deepEqual(await collect(store.list("many/")), keys);
  await store.delete(keys);
  assert.deepEqual(await collect(store.list("")), []);
});

test("goes on after the server was killed while it wrote and read", { skip: skip || given }, async () => {
  const store = await fresh();
  const folder = mkdtempSync(join(tmpdir(), "tenantry-store-"));
  const body = randomBytes(40_000_000);
  writeFileSync(join(folder, "in"), body);
  const restarts = (async () => {
    for (let round = 0; round < 3; round += 1) {
      await sleep(150);
      server?.kill();
      await sleep(300);
      await server?.run();
    }
  })();
  await store.put("big", { path: join(folder, "in") });
  await store.download("big", join(folder, "out"));
  await restarts;
  assert.ok(readFileSync(join(folder, "out")).equals(body));
});

test("a body that is being read goes on where a killed server left it", { skip: skip || given }, async () => {
  const store = await fresh();
  const body = randomBytes(30_000_000);
  await store.put("big", body);
  const stream = await store.get("big");
  const first = stream[Symbol.asyncIterator]();
  const chunks = [(await first.next()).value as Buffer];
  server?.kill();
  const restart = sleep(500).then(() => server?.run());
  for (let next = await first.next(); !next.done; next = await first.next()) chunks.push(next.value as Buffer);
  await restart;
  assert.ok(Buffer.concat(chunks).equals(body));
});

test("a store that stays away is one clear error, for each method", { skip }, async () => {
  const gone = new S3Store({ ...settings, endpoint: "http://127.0.0.1:1" }, { attempts: 2 });
  const calls = [
    () => gone.put("k", Buffer.from("1")),
    () => gone.get("k"),
    () => gone.head("k"),
    () => collect(gone.list("")),
    () => gone.delete(["k"]),
  ];
  for (const call of calls) {
    await assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof StoreError);
      return /^The bucket `shop` at http:\/\/127.0.0.1:1 cannot be reached\n.*ECONNREFUSED/.test(error.message);
    });
  }
});

test("check names a missing bucket, a wrong login and a wrong endpoint", { skip }, async () => {
  assert.match(await shown({ bucket: "no-such" }), /^There is no bucket `no-such` at http/);
  assert.match(await shown({ accessKeyId: "stranger" }), /does not accept the store's login/);
  assert.match(
    await shown({ secretAccessKey: "wrong" }),
    /does not accept the store's login\n +got: +SignatureDoesNot/,
  );
  assert.match(await shown({ endpoint: "http://127.0.0.1:1" }), /cannot be reached[\s\S]*`endpoint`/);
  assert.match(await shown({ endpoint: "http://no-such-host.invalid" }), /cannot be reached/);
  assert.match(
    await shown({ endpoint: `${settings.endpoint?.replace("http:", "https:")}` }),
    /^TLS to the bucket .* fails/,
  );
  assert.doesNotMatch(await shown({ secretAccessKey: "hush" }), /hush/);
});

test("check names a region that is not the bucket's", { skip: skip || given }, async () => {
  assert.match(await shown({ region: "eu-central-1" }), /is in another region[\s\S]*Set `region: us-east-1`/);
});

test("check finds a bucket that may only be read", { skip: skip || given }, async () => {
  server?.kill();
  await server?.run(["--readonly"]);
  assert.match(await shown({}), /The store's login may not write objects in the bucket `shop`/);
  server?.kill();
  await server?.run();
  assert.equal(await shown({}), "");
});

test("a full disk is one clear error, and leaves no object", { skip: skip || given }, async (t) => {
  const folder = smallDisk(t, 4);
  if (folder === undefined) return;
  const full = await VersitygwServer.start({ folder });
  t.after(() => full.kill());
  const store = new S3Store(full.settings, { attempts: 2 });
  await store.put("small", Buffer.alloc(1_000));
  for (const bytes of [6_000_000, 20_000_000]) {
    await assert.rejects(store.put("big", randomBytes(bytes)), /The bucket `shop` at .* is full\n/);
  }
  assert.deepEqual(await collect(store.list("")), ["small"]);
});

test("check finds a certificate that this machine doesn't trust, and accepts its authority", {
  skip: skip || given,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-tls-"));
  const authority = await createAuthority("tests");
  const { certificate, key } = await issueCertificate(authority, "localhost", ["localhost"]);
  const [cert, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, certificate);
  writeFileSync(keyFile, key);
  const secured = await VersitygwServer.start({ args: ["--cert", cert, "--key", keyFile], scheme: "https" });
  t.after(() => secured.kill());
  const ca = authority.certificate;
  const byAddress = String(secured.settings.endpoint);
  const byName = byAddress.replace("127.0.0.1", "localhost");
  const check = async (changed: Partial<BucketSettings>) =>
    (await new S3Store({ ...secured.settings, ...changed }).check()).map(renderProblem).join("\n");
  assert.match(await check({ endpoint: byName }), /^The TLS certificate of .* is not trusted[\s\S]*Set `ca`/);
  assert.equal(await check({ ca, endpoint: byName }), "");
  assert.match(await check({ ca, endpoint: byAddress }), /is not trusted[\s\S]*a name that the certificate holds/);
  assert.match(await check({ endpoint: byName.replace("https", "http") }), /cannot be reached[\s\S]*`http` or `https`/);
});
