import assert from "node:assert/strict";
import test from "node:test";
import { output } from "@pulumi/pulumi";
import { unknownYet } from "../../../architecture/endpoints";
import { replaceUnknowns } from "../../../policy/unknown-values";

test("marks unknown values and keeps the others", () => {
  const throwing = new Proxy({ address: 1, name: "a" } as Record<string, unknown>, {
    get(target, key) {
      if (key === "address") throw new Error("unknown");
      return target[String(key)];
    },
  });
  assert.deepEqual(replaceUnknowns({ list: [throwing, null, 2], secret: output("x") }), {
    list: [{ address: unknownYet, name: "a" }, null, 2],
    secret: unknownYet,
  });
});
