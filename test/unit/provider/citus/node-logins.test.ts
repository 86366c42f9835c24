import assert from "node:assert/strict";
import test from "node:test";
import { nodeLogin } from "../../../../architecture/data-plane/database-statements";
import { fingerprintOf, isFingerprintOf } from "../../../../provider/citus/node-logins";

const app = { user: "shop_app", password: "secret" };
const cdc = { user: "shop_cdc", password: "other" };

test("makes equal fingerprints for the same logins in any order only", () => {
  const fingerprint = fingerprintOf([app, cdc]);
  assert.ok(isFingerprintOf(fingerprint, [cdc, app]));
  assert.ok(!isFingerprintOf(fingerprint, [app]));
  assert.ok(!isFingerprintOf(fingerprint, [app, { ...cdc, password: "another" }]));
  assert.ok(!isFingerprintOf(undefined, [app, cdc]));
});

test("makes different fingerprints for two silos with the same passwords, and makes each guess slow", () => {
  assert.notEqual(fingerprintOf([app]), fingerprintOf([app]));
  assert.match(fingerprintOf([app]), /^SCRAM-SHA-256\$200000:/);
});

test("quotes a password with quotes, backslashes and spaces for libpq", () => {
  const [user, authinfo] = nodeLogin({ ...app, password: "it's \\ new" });
  assert.equal(user, "shop_app");
  assert.equal(authinfo, String.raw`password='it\'s \\ new'`);
});
