import assert from "node:assert/strict";
import test from "node:test";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../../common/identifier";

test("quotes every identifier and doubles its quotes", () => {
  assert.equal(quoteIdentifier('My "table"'), '"My ""table"""');
  assert.equal(quoteQualified("select", "a.b"), '"select"."a.b"');
});

test("escapes quotes and backslashes in literals", () => {
  assert.equal(quoteLiteral("it's"), "'it''s'");
  assert.equal(quoteLiteral("a\\'b"), " E'a\\\\''b'");
});
