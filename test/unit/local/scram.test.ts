import assert from "node:assert/strict";
import test from "node:test";
import { isVerifierOf, passwordOf, scramVerifier } from "../../../local/scram";

test("the verifier is the one that PostgreSQL computes", () => {
  // SELECT rolpassword FROM pg_authid after ALTER ROLE … PASSWORD 'pencil', with the salt of RFC 7677.
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  assert.equal(
    scramVerifier("pencil", salt),
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("a verifier is known to be of its password, and of no other", () => {
  const verifier = scramVerifier("secret");
  assert.equal(isVerifierOf(verifier, "secret"), true);
  assert.equal(isVerifierOf(verifier, "Secret"), false);
  assert.equal(isVerifierOf(null, "secret"), false);
  assert.equal(isVerifierOf("md5abc", "secret"), false);
});

test("a role's password is the same each time and another than every other role's", () => {
  assert.equal(passwordOf("s", "shop_app"), passwordOf("s", "shop_app"));
  assert.notEqual(passwordOf("s", "shop_app"), passwordOf("s", "shop_cdc"));
  assert.notEqual(passwordOf("s", "shop_app"), passwordOf("t", "shop_app"));
});
