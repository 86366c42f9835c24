import assert from "node:assert/strict";
import test from "node:test";
import { domainConstraint } from "../../../../lint/rules/domain-constraint";
import { fixes, found } from "../shop-with";

const bad = `CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(domainConstraint, bad), [
    "1 A domain's constraint is checked in every table that uses it, all of them locked against writes",
  ]);
  assert.match((await fixes(domainConstraint, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(domainConstraint, `CREATE TABLE mails (email text CHECK (email LIKE '%@%'));`), []);
});

test("reports a constraint added to a domain", async () => {
  assert.deepEqual(
    await found(domainConstraint, `ALTER DOMAIN email ADD CONSTRAINT short CHECK (length(VALUE) < 99);`),
    ["1 A domain's constraint is checked in every table that uses it, all of them locked against writes"],
  );
});
