import assert from "node:assert/strict";
import test from "node:test";
import { formatSize, parseSize } from "../../../common/size";

test("parses a whole number with a binary unit as a size", () => {
  assert.deepEqual(parseSize("8 KiB"), { bytes: 8192 });
  assert.deepEqual(parseSize("1B"), { bytes: 1 });
});

test("rejects zero, fractions, decimal units and unknown units as sizes", () => {
  for (const text of ["0 B", "1.5 KiB", "8 KB", "8 kib", "8", ""]) assert.equal(parseSize(text), undefined, text);
});

test("rejects sizes above a petabyte", () => {
  assert.deepEqual(parseSize("1024 TiB"), { bytes: 2 ** 50 });
  assert.equal(parseSize("1025 TiB"), undefined);
});

test("writes a size in the largest unit that gives a whole number", () => {
  assert.equal(formatSize({ bytes: 8192 }), "8 KiB");
  assert.equal(formatSize({ bytes: 1025 }), "1025 B");
});
