import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { loadSettings } from "../../../settings/stack-file";
import { kubernetes, noSecrets, problemsOf, stackFolder } from "./stack-file";

const shop = "config:\n  tenantry:application: shop\n";
const storeOf = async (store: string, text = shop) => {
  const folder = stackFolder(`${text}  tenantry:store: ${store}\n`);
  return { folder, store: (await loadSettings("dev", noSecrets, folder)).store };
};
const problems = (store: string) => problemsOf(`${shop}  tenantry:store: ${store}\n`);

test("a stack has no store unless it names one", async () => {
  assert.equal((await loadSettings("dev", noSecrets, stackFolder(shop))).store, undefined);
});

test("counts a folder from the stack file, and keeps stacks apart by application and name", async () => {
  const { folder, store } = await storeOf("{ folder: ../data/store }");
  assert.deepEqual(store, { folder: join(folder, "../data/store"), prefix: "shop/dev" });
});

test("reads a bucket with all of its keys, and none but the prefix is filled in", async () => {
  assert.deepEqual((await storeOf("{ bucket: shop-cold }")).store, { bucket: "shop-cold", prefix: "shop/dev" });
  const written =
    "{ bucket: shop, region: eu-central-1, endpoint: 'https://s3.example.com:9000/path', prefix: a/b, pathStyle: 'false', accessKeyId: AK, secretAccessKey: hush, ca: PEM }";
  assert.deepEqual((await storeOf(written)).store, {
    bucket: "shop",
    region: "eu-central-1",
    endpoint: "https://s3.example.com:9000/path",
    prefix: "a/b",
    pathStyle: false,
    accessKeyId: "AK",
    secretAccessKey: "hush",
    ca: "PEM",
  });
});

test("pods on Kubernetes read the credentials from a Secret", async () => {
  const text = `${kubernetes}  tenantry:kubernetes: { context: prod, namespace: shop, workers: 2 }\n`;
  const { store } = await storeOf("{ bucket: shop, credentials: { secret: shop-store } }", text);
  assert.deepEqual(store, { bucket: "shop", prefix: "shop/dev", credentials: { secret: "shop-store" } });
});

test("rejects a Secret of pods where the stack has no pods", async () => {
  assert.match(
    await problems("{ bucket: shop, credentials: { secret: shop-store } }"),
    /yaml:3:35: A Secret holds the store's credentials, and the stack has no pods[\s\S]*fix: .*`accessKeyId`/,
  );
});

test("rejects a store without a place, with two, and with half a login, each at its key", async () => {
  assert.match(await problems("{}"), /`config.tenantry:store.bucket` is missing[\s\S]*\{ folder: PATH \}/);
  assert.match(await problems("{ bucket: shop, folder: here }"), /store.bucket` cannot be read[\s\S]*beside `folder`/);
  assert.match(await problems("{ bucket: shop, accessKeyId: AK }"), /store.secretAccessKey` is missing/);
  assert.match(await problems("{ bucket: shop, secretAccessKey: hush }"), /store.accessKeyId` is missing/);
  assert.match(await problems("{ bucket: Shop_1 }"), /got: +"Shop_1"\n +expected: a bucket's name/);
  assert.match(await problems("{ bucket: shop, prefix: ../other }"), /got: +"..\/other"[\s\S]*names separated by/);
  assert.match(await problems("{ bucket: shop, endpoint: minio:9000 }"), /a URL such as/);
  assert.match(await problems("{ bucket: shop, bukket: shop }"), /no key `bukket`[\s\S]*Write `bucket`/);
  assert.match(await problems("shop"), /got: +"shop"[\s\S]*`\{ bucket: NAME \}` or `\{ folder: PATH \}`/);
});

test("never shows a secret, wherever the mistake is", async () => {
  for (const store of [
    "{ bucket: shop, accessKeyId: AK, secretAccessKey: [hush] }",
    "{ bucket: shop, folder: x, accessKeyId: AK, secretAccessKey: hush }",
    "{ bucket: shop, accessKeyId: [AK], secretAccessKey: hush }",
    "[{ bucket: shop, secretAccessKey: hush }]",
    "{ bucket: { secretAccessKey: hush } }",
    "{ bucket: shop, endpoint: 'https://user:hush@s3.example.com' }",
  ]) {
    assert.doesNotMatch(await problems(store), /hush/, store);
  }
});
