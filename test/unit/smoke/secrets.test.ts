import assert from "node:assert/strict";
import { test } from "node:test";
import { betrayals, keptIn } from "../../smoke/secrets";

const base64 = (value: string | Uint8Array) => Buffer.from(value).toString("base64");
const key =
  "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n";
const store = Uint8Array.from([0x30, 0x82, 0xff, 0xfe, 1, 2, 3]);
const kept = keptIn({
  items: [
    {
      metadata: { name: "login" },
      data: { username: base64("ecommerce_app_1"), password: base64("HSvshaxAT7R5-Y9GPFqx") },
    },
    { metadata: { name: "tls" }, data: { "tls.crt": base64("-----BEGIN…1234567890123"), "tls.key": base64(key) } },
    { metadata: { name: "pooler" }, data: { "userlist.txt": base64('"app" "SCRAM-SHA-256$4096:abc"\n') } },
    { metadata: { name: "store" }, data: { "ca.p12": base64(store) } },
    { metadata: { name: "empty" } },
  ],
});
const found = (text: string) => betrayals(kept, new Map([["pod", text]]));

test("finds a password in a text, and does not repeat it", () => {
  assert.deepEqual(found("postgres://app:HSvshaxAT7R5-Y9GPFqx@db"), ["pod shows login/password"]);
});

test("one line of a key reveals it, and so does a verifier", () => {
  assert.deepEqual(found("key: CCqGSM49AwEHBG0wawIBAQQg\\n"), ["pod shows tls/tls.key"]);
  assert.deepEqual(found("md5 or SCRAM-SHA-256$4096:abc"), ["pod shows pooler/userlist.txt"]);
});

test("finds binary values in the encoding of APIs", () => {
  assert.deepEqual(found(`ca.p12: ${base64(store)}`), ["pod shows store/ca.p12"]);
});

test("user names, certificates and the frames of keys reveal nothing", () => {
  assert.deepEqual(found("ecommerce_app_1 -----BEGIN…1234567890123 -----BEGIN PRIVATE KEY-----"), []);
});
