import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { renderProblem } from "../../../common/problem";
import { StoreError } from "../../../store/errors";
import { FolderStore } from "../../../store/folder-store";
import { smallDisk } from "../../servers/small-disk";
import { collect, storeContract } from "./contract";

const emptyFolder = () => mkdtempSync(join(tmpdir(), "tenantry-store-"));

storeContract("a folder", async () => new FolderStore({ folder: emptyFolder(), prefix: "shop/dev" }));

test("makes its folder, and shows its place as a URL", async () => {
  const folder = join(emptyFolder(), "not yet/there");
  const store = new FolderStore({ folder, prefix: "shop/dev" });
  assert.equal(store.url, `file://${folder.replace(" ", "%20")}/shop/dev`);
  await store.put("k", Buffer.from("1"));
  assert.ok(existsSync(join(folder, "shop/dev/k")));
});

test("keeps two stacks in one folder apart", async () => {
  const folder = emptyFolder();
  const one = new FolderStore({ folder, prefix: "shop/one" });
  const other = new FolderStore({ folder, prefix: "shop/other" });
  await one.put("k", Buffer.from("1"));
  assert.equal(await other.head("k"), undefined);
});

test("leaves no part of a body whose file can't be read", async () => {
  const folder = emptyFolder();
  const store = new FolderStore({ folder, prefix: "p" });
  await assert.rejects(store.put("k", { path: join(folder, "none") }), /none/);
  assert.equal(await store.head("k"), undefined);
});

test("deletes the parts that killed writers left a day ago", async () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, ".parts"));
  for (const name of ["old", "new"]) writeFileSync(join(folder, ".parts", name), "x");
  const old = Date.now() / 1000 - 2 * 86_400;
  utimesSync(join(folder, ".parts/old"), old, old);
  await new FolderStore({ folder, prefix: "p" }).put("k", Buffer.from("1"));
  assert.deepEqual(readdirSync(join(folder, ".parts")), ["new"]);
});

test("removes folders that become empty, so that deleted partitions leave nothing", async () => {
  const folder = emptyFolder();
  const store = new FolderStore({ folder, prefix: "p" });
  await store.put("a/b/c", Buffer.from("1"));
  await store.delete(["a/b/c"]);
  assert.deepEqual(readdirSync(join(folder, "p")), []);
});

test("writes while others empty the same folder", async () => {
  const store = new FolderStore({ folder: emptyFolder(), prefix: "p" });
  const work = Array.from({ length: 40 }, async (_, index) => {
    await store.put(`a/b/${index % 4}`, Buffer.from("1"));
    await store.delete([`a/b/${index % 4}`]);
  });
  await Promise.all(work);
});

test("check explains a folder that can't be used", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "file"), "");
  const shown = async (path: string) =>
    (await new FolderStore({ folder: path, prefix: "p" }).check()).map(renderProblem).join("\n");
  assert.match(await shown(join(folder, "file")), /A file stands where the store needs a folder/);
  assert.match(await shown("/proc/none"), /The store's folder cannot be used[\s\S]*fix: +Choose another folder/);
});

test("a full disk is one clear error, and leaves neither an object nor a part", async (t) => {
  const folder = smallDisk(t, 2);
  if (folder === undefined) return;
  const store = new FolderStore({ folder, prefix: "p" });
  await store.put("small", Buffer.alloc(1_000));
  await assert.rejects(store.put("big", Buffer.alloc(4_000_000)), (error: unknown) => {
    assert.ok(error instanceof StoreError);
    return /^The disk of the store's folder is full\n.*ENOSPC[\s\S]*fix: +Free some disk space/.test(error.message);
  });
  assert.deepEqual(await collect(store.list("")), ["small"]);
  assert.deepEqual(readdirSync(join(folder, ".parts")), []);
});
