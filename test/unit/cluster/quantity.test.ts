import assert from "node:assert/strict";
import test from "node:test";
import { parseQuantity } from "../../../cluster/quantity";

test("quantities are read as Kubernetes writes them", () => {
  const read = ["1Gi", "1073741824", "1.5Gi", "500m", "10G", "1e3", "0"].map(parseQuantity);
  assert.deepEqual(read, [2 ** 30, 2 ** 30, 1.5 * 2 ** 30, 0.5, 1e10, 1000, 0]);
});

test("what is no quantity is undefined", () => {
  assert.deepEqual(["", "Gi", "1 Gi", "1GiB", "-1"].map(parseQuantity), Array(5).fill(undefined));
});
