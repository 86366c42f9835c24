import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import test from "node:test";
import { ObjectDamaged, ObjectExists, ObjectMissing, StoreError } from "../../../store/errors";
import type { Store, StoredObject } from "../../../store/store";

const sha256 = (body: Buffer) => createHash("sha256").update(body).digest("hex");

export async function collect(objects: AsyncIterable<StoredObject>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects) keys.push(key);
  return keys;
}

/** The tests that every store passes. `fresh` opens an empty store. */
export function storeContract(name: string, fresh: () => Promise<Store>, skip: string | false = false): void {
  const temporary = () => mkdtempSync(join(tmpdir(), "tenantry-store-"));

  test(`${name}: returns the bytes that were put, with their size and SHA-256`, { skip }, async () => {
    const store = await fresh();
    for (const body of [Buffer.alloc(0), Buffer.from([0, 255, 10, 13, 0]), Buffer.alloc(3_000_000, "ü")]) {
      const put = await store.put("a/b.bin", body);
      assert.deepEqual([put.key, put.bytes, put.sha256], ["a/b.bin", body.length, sha256(body)]);
      assert.ok((await buffer(await store.get("a/b.bin"))).equals(body));
      const head = await store.head("a/b.bin");
      assert.equal(head?.bytes, body.length);
      assert.ok(Math.abs((head?.storedAt.getTime() ?? 0) - Date.now()) < 60_000);
    }
  });

  test(`${name}: puts a file of many parts and downloads it as it was`, { skip }, async () => {
    const store = await fresh();
    const folder = temporary();
    const body = Buffer.alloc(20_000_001);
    for (let at = 0; at < body.length - 4; at += 4) body.writeUInt32LE((at * 2654435761) >>> 0, at);
    writeFileSync(join(folder, "in"), body);
    const put = await store.put("big", { path: join(folder, "in") }, { sha256: sha256(body) });
    assert.equal(put.sha256, sha256(body));
    await store.download("big", join(folder, "out"));
    assert.equal(sha256(readFileSync(join(folder, "out"))), sha256(body));
  });

  test(`${name}: keeps keys apart that differ in case, in dots, or in encoded characters`, { skip }, async () => {
    const store = await fresh();
    const keys = ["x/A", "x/a", "x/a.b", "x/tenant_id=%2F%C3%BC", "x/ü ñ=&+#?", "x/a b", "x/%41", "x/'\"$(true)"];
    for (const key of keys) await store.put(key, Buffer.from(key));
    for (const key of keys) assert.equal((await buffer(await store.get(key))).toString(), key);
    assert.deepEqual(new Set(await collect(store.list("x/"))), new Set(keys));
  });

  test(`${name}: lists by prefix, sorted by bytes`, { skip }, async () => {
    const store = await fresh();
    for (const key of ["p/b/c", "p/b.c", "p/a", "p/b", "q/x", "p/B", "p/ä"].filter((key) => key !== "p/b")) {
      await store.put(key, Buffer.from("1"));
    }
    assert.deepEqual(await collect(store.list("p/")), ["p/B", "p/a", "p/b.c", "p/b/c", "p/ä"]);
    assert.deepEqual(await collect(store.list("p/b")), ["p/b.c", "p/b/c"]);
    assert.deepEqual(await collect(store.list("p/b/")), ["p/b/c"]);
    assert.deepEqual(await collect(store.list("none/here")), []);
    assert.equal((await collect(store.list(""))).length, 6);
  });

  test(`${name}: replaces an object, or leaves it with ifAbsent`, { skip }, async () => {
    const store = await fresh();
    await store.put("k", Buffer.from("one"), { ifAbsent: true });
    await assert.rejects(store.put("k", Buffer.from("two"), { ifAbsent: true }), ObjectExists);
    assert.equal((await buffer(await store.get("k"))).toString(), "one");
    await store.put("k", Buffer.from("three"));
    assert.equal((await buffer(await store.get("k"))).toString(), "three");
  });

  test(`${name}: lets one of many writers at once win with ifAbsent`, { skip }, async () => {
    const store = await fresh();
    const puts = Array.from({ length: 8 }, (_, index) =>
      store.put("race", Buffer.from(String(index)), { ifAbsent: true }).then(
        () => index,
        (error) => assert.ok(error instanceof ObjectExists),
      ),
    );
    const won = (await Promise.all(puts)).filter((index) => index !== undefined);
    assert.equal(won.length, 1);
    assert.equal((await buffer(await store.get("race"))).toString(), String(won[0]));
  });

  test(`${name}: refuses a body that does not have the promised SHA-256, and stores nothing`, { skip }, async () => {
    const store = await fresh();
    await assert.rejects(store.put("k", Buffer.from("one"), { sha256: sha256(Buffer.from("two")) }), ObjectDamaged);
    assert.equal(await store.head("k"), undefined);
  });

  test(`${name}: says which object is missing`, { skip }, async () => {
    const store = await fresh();
    await store.put("there/is", Buffer.from("1"));
    for (const key of ["not/there", "there", "there/is/not"]) {
      await assert.rejects(store.get(key), ObjectMissing);
      await assert.rejects(store.download(key, join(temporary(), "x")), ObjectMissing);
      assert.equal(await store.head(key), undefined);
    }
    await assert.rejects(store.get("not/there"), /The store has no such object\n +got: +.*not\/there\n/);
  });

  test(`${name}: deletes objects, and takes absent ones as deleted`, { skip }, async () => {
    const store = await fresh();
    for (const key of ["d/1", "d/2", "d/3"]) await store.put(key, Buffer.from("1"));
    await store.delete(["d/1", "d/none", "d/3", "other/none"]);
    assert.deepEqual(await collect(store.list("")), ["d/2"]);
    await store.delete([]);
  });

  test(`${name}: refuses keys that a folder or a bucket would read as others`, { skip }, async () => {
    const store = await fresh();
    const long = `${"x".repeat(241)}`;
    for (const key of ["", "/a", "a/", "a//b", "../a", "a/../../b", "./a", "a\0b", "a\nb", "a\\b", "\ud800", long]) {
      await assert.rejects(store.put(key, Buffer.from("1")), StoreError);
      await assert.rejects(store.get(key), /This is no key of an object/);
      await assert.rejects(store.delete([key]), /This is no key of an object/);
    }
  });

  test(`${name}: finds nothing wrong, and leaves no probe behind`, { skip }, async () => {
    const store = await fresh();
    assert.deepEqual(await store.check(), []);
    assert.deepEqual(await collect(store.list("")), []);
  });
}
