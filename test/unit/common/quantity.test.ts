import assert from "node:assert/strict";
import test from "node:test";
import { formatQuantity, parseQuantity } from "../../../common/quantity";

test("parses the quantities that Kubernetes writes", () => {
  const read = ["1Gi", "1073741824", "1.5Gi", "500m", "10G", "1e3", "0"].map(parseQuantity);
  assert.deepEqual(read, [2 ** 30, 2 ** 30, 1.5 * 2 ** 30, 0.5, 1e10, 1000, 0]);
});

test("returns undefined for text that is not a quantity", () => {
  assert.deepEqual(["", "Gi", "1 Gi", "1GiB", "-1"].map(parseQuantity), Array(5).fill(undefined));
});

test("writes a size with the unit that Kubernetes uses", () => {
  assert.equal(formatQuantity({ bytes: 8 * 2 ** 30 }), "8Gi");
  assert.equal(formatQuantity({ bytes: 512 * 2 ** 20 }), "512Mi");
});
