import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { renderProblem } from "../../../common/problem";
import { parseYaml } from "../../../common/yaml-file";
import { readConnectors } from "../../../lint/connector-facts";

const anything = z.record(z.string(), z.unknown());

/** The problems of a file, as people read them; its value where there are none. */
function read(text: string): unknown {
  const parsed = parseYaml({ path: "a.yaml", text }, { schema: anything, noun: "The file" });
  return Array.isArray(parsed) ? parsed.map(renderProblem).join("\n\n") : parsed.value;
}

/** Ten anchors, each nine times the one before. */
const bomb = [..."abcdefghij"]
  .map((name, index, all) => {
    const items = Array.from({ length: 9 }, () => (index === 0 ? "x" : `*${all[index - 1]}`));
    return `${name}: &${name} [${items.join(", ")}]\n`;
  })
  .join("");

test("replaces an alias by the value of its anchor", () => {
  assert.deepEqual(read("a: &size { cpu: 1 }\nb: *size\n"), { a: { cpu: 1 }, b: { cpu: 1 } });
});

test("reports an alias without an anchor, with its place", () => {
  const problem = String(read("a: 1\nb: *nope\n"));
  assert.match(problem, /^a\.yaml:2:4: An alias refers to no value that ends before it/);
  assert.match(problem, /got: {6}\*nope/);
});

test("reports aliases that multiply or contain themselves", () => {
  assert.match(String(read(bomb)), /^a\.yaml:2:8: The aliases of this file expand/);
  assert.match(String(read("a: &a [*a]\n")), /a\.yaml:1:8: An alias refers to no value that ends before it/);
});

test("finds no connector in a file with invalid aliases", () => {
  assert.deepEqual(readConnectors({ path: "a.yaml", text: `${bomb}connector.class: x\n` }), []);
  assert.deepEqual(readConnectors({ path: "a.yaml", text: "connector.class: *nope\n" }), []);
});
