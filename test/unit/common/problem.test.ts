import assert from "node:assert/strict";
import test from "node:test";
import { Problems, refuseIfAny, renderProblem } from "../../../common/problem";

test("a problem reads as place, what, text with a caret, got, expected, fix", () => {
  const problem = {
    what: "`a` cannot be read",
    got: "x",
    expected: "a number",
    fix: "Write what is expected",
    at: { file: "a.yaml", line: 3, column: 4, text: "\ta: x" },
  };
  assert.equal(
    renderProblem(problem),
    [
      "a.yaml:3:4: `a` cannot be read",
      "  |  a: x",
      "  |    ^",
      "  got:      x",
      "  expected: a number",
      "  fix:      Write what is expected",
    ].join("\n"),
  );
});

test("a problem without a place is what and fix", () => {
  assert.equal(renderProblem({ what: "No", fix: "Yes" }), "No\n  fix:      Yes");
});

test("problems are thrown together, and none are not", () => {
  const problem = { what: "No", fix: "Yes" };
  assert.throws(
    () => refuseIfAny([problem, problem]),
    (error) => error instanceof Problems && error.problems.length === 2,
  );
  assert.doesNotThrow(() => refuseIfAny([]));
});
