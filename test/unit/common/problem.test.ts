import assert from "node:assert/strict";
import test from "node:test";
import { Problems, refuseIfAny, renderProblem } from "../../../common/problem";

test("renders a problem as place, what, line with a caret, got, expected, fix", () => {
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

test("renders a problem without a place as what and fix", () => {
  assert.equal(renderProblem({ what: "No", fix: "Yes" }), "No\n  fix:      Yes");
});

test("throws all problems together, and nothing if there are none", () => {
  const problem = { what: "No", fix: "Yes" };
  assert.throws(
    () => refuseIfAny([problem, problem]),
    (error) => error instanceof Problems && error.problems.length === 2,
  );
  assert.doesNotThrow(() => refuseIfAny([]));
});
