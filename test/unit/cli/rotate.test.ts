import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { command, rotated } from "../../../cli/rotate";
import { stackNames } from "../../../settings/stack-file";

const head = "# Why this stack is as it is.\nconfig:\n  tenantry:application: shop\n";

test("raises the number in place, and changes nothing else", () => {
  const text = `${head}  tenantry:kubernetes:\n    context: a # the team's\n    rotation: 4 # since May\n    workers: 2\n`;
  assert.equal(rotated(text, 4).text, text.replace("rotation: 4 ", "rotation: 5 "));
});

test("also raises a number that Pulumi wrote as text, and one in braces", () => {
  const quoted = `${head}  tenantry:kubernetes:\n    rotation: "4"\n`;
  assert.equal(rotated(quoted, 4).text, quoted.replace('"4"', "5"));
  const flow = `${head}  tenantry:kubernetes: { context: a, rotation: 4, workers: 2 }\n`;
  assert.equal(rotated(flow, 4).text, flow.replace("rotation: 4", "rotation: 5"));
});

test("adds the key to a stack that was never rotated, in the style of its other keys", () => {
  const block = `${head}  tenantry:kubernetes:\n    # Ours.\n    context: a\n    workers: 2\n`;
  assert.equal(rotated(block, 1).text, block.replace("    context", "    rotation: 2\n    context"));
  const flow = `${head}  tenantry:kubernetes: { context: a }\n`;
  assert.equal(rotated(flow, 1).text, flow.replace("{ context", "{ rotation: 2, context"));
});

test("rotates every stack of the repository repeatedly, and keeps its comments", () => {
  for (const stack of stackNames()) {
    const text = readFileSync(join(__dirname, "../../../stacks", `Pulumi.${stack}.yaml`), "utf8");
    if (!text.includes("tenantry:kubernetes")) continue;
    const twice = rotated(rotated(text, 1).text, 2).text;
    const before = parse(text);
    before.config["tenantry:kubernetes"].rotation = 3;
    assert.deepEqual(parse(twice), before);
    assert.deepEqual(
      twice.split("\n").filter((line) => !/rotation:/.test(line)),
      text.split("\n"),
    );
  }
});

test("rejects a stack on existing servers, and an unknown stack", async () => {
  const rotating = (stack: string) => command().exitOverride().parseAsync(["-s", stack], { from: "user" });
  await assert.rejects(rotating("local"), /can't be rotated[\s\S]*Rotate a password/);
  await assert.rejects(rotating("prd"), /no stack `prd`/);
});
