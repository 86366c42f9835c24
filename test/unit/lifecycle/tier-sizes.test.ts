import assert from "node:assert/strict";
import test from "node:test";
import { tierChart } from "../../../lifecycle/tier-sizes";

test("draws the bytes of each tier that holds any, of all tables together", () => {
  const size = (table: string, tier: "hot" | "cold", bytes: number) => ({ table, tier, partitions: 1, rows: 1, bytes });
  assert.equal(
    tierChart([size("shop.a", "hot", 10), size("shop.a", "cold", 2), size("shop.b", "cold", 3)]),
    'pie showData title Bytes by tier\n  "hot" : 10\n  "cold" : 5',
  );
});
