import assert from "node:assert/strict";
import test from "node:test";
import { addExclusionConstraint } from "../../../../lint/rules/add-exclusion-constraint";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (tenant_id WITH =, during WITH &&);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addExclusionConstraint, bad), [
    "1 The index of this exclusion constraint of `bookings` is built under ACCESS EXCLUSIVE, never concurrently",
  ]);
  assert.match((await fixes(addExclusionConstraint, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      addExclusionConstraint,
      `CREATE TABLE bookings (
  tenant_id uuid, during tstzrange,
  EXCLUDE USING gist (tenant_id WITH =, during WITH &&)
);`,
    ),
    [],
  );
});
