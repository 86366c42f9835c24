import assert from "node:assert/strict";
import test from "node:test";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../../common/identifier";

test("identifiers are always quoted, and their quotes doubled", () => {
  assert.equal(quoteIdentifier('My "table"'), '"My ""table"""');
  assert.equal(quoteQualified("select", "a.b"), '"select"."a.b"');
});

test("literals are safe with quotes and backslashes", () => {
  assert.equal(quoteLiteral("it's"), "'it''s'");
  assert.equal(quoteLiteral("a\\'b"), " E'a\\\\''b'");
});
