import assert from "node:assert/strict";
import test from "node:test";
import { isVerifierOf, lastingVerifier, scramVerifier } from "../../../common/scram";

test("computes the same verifier as PostgreSQL", () => {
  // SELECT rolpassword FROM pg_authid after ALTER ROLE … PASSWORD 'pencil', with the salt of RFC 7677.
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  assert.equal(
    scramVerifier("pencil", salt),
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("recognises the verifier of a password, and no other", () => {
  const verifier = scramVerifier("secret");
  assert.equal(isVerifierOf(verifier, "secret"), true);
  assert.equal(isVerifierOf(verifier, "Secret"), false);
  assert.equal(isVerifierOf(null, "secret"), false);
  assert.equal(isVerifierOf("md5abc", "secret"), false);
});

test("a lasting verifier is the same in each run, and differs by role and password", () => {
  const verifier = lastingVerifier("shop_app", "secret");
  assert.equal(isVerifierOf(verifier, "secret"), true);
  assert.equal(lastingVerifier("shop_app", "secret"), verifier);
  assert.notEqual(lastingVerifier("shop_cdc", "secret"), verifier);
  assert.notEqual(lastingVerifier("shop_app", "secret2"), verifier);
});

test("prepares spaces, soft hyphens and compatibility characters of a password as clients do", () => {
  const verifier = scramVerifier("a b\u00ADIX\u00AA");
  assert.equal(isVerifierOf(verifier, "a\u00A0b\u2168a"), true);
});

test("a zero-width space becomes a space, as PostgreSQL and its clients read it", () => {
  assert.equal(isVerifierOf(scramVerifier("a\u200Bb"), "a b"), true);
});
