import assert from "node:assert/strict";
import test from "node:test";
import { nodeLogin } from "../../../../architecture/data-plane/database-statements";
import { fingerprintOf, isFingerprintOf } from "../../../../provider/citus/node-logins";

const app = { user: "shop_app", password: "secret" };
const cdc = { user: "shop_cdc", password: "other" };

test("a fingerprint is that of the same logins in any order, and of no others", () => {
  const fingerprint = fingerprintOf([app, cdc]);
  assert.ok(isFingerprintOf(fingerprint, [cdc, app]));
  assert.ok(!isFingerprintOf(fingerprint, [app]));
  assert.ok(!isFingerprintOf(fingerprint, [app, { ...cdc, password: "another" }]));
  assert.ok(!isFingerprintOf(undefined, [app, cdc]));
});

test("the logins of two silos with the same passwords have different fingerprints, and no guess is cheap", () => {
  assert.notEqual(fingerprintOf([app]), fingerprintOf([app]));
  assert.match(fingerprintOf([app]), /^SCRAM-SHA-256\$200000:/);
});

test("a password with quotes, backslashes and spaces is one value for libpq", () => {
  const [user, authinfo] = nodeLogin({ ...app, password: "it's \\ new" });
  assert.equal(user, "shop_app");
  assert.equal(authinfo, String.raw`password='it\'s \\ new'`);
});
