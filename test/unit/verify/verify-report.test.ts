import assert from "node:assert/strict";
import test from "node:test";
import { fail, judge, pass, skip, warn } from "../../../verify/finding";
import { worst } from "../../../verify/verify";
import { renderReport, reportJson } from "../../../verify/verify-report";

const report = (...findings: ReturnType<typeof pass>[]) => [{ check: "isolation", findings, ms: 1_500 }];

test("prints a check's name once, and counts in the last line", () => {
  const text = renderReport(
    report(pass("a.b", "fine"), fail("a.c", "not fine"), warn("a.d", "odd"), skip("a.e", "no")),
    100,
    false,
  );
  assert.equal(text.match(/isolation/g)?.length, 1);
  assert.match(text, /a\.c +│ fail +│ not fine/);
  assert.match(text, /1 pass, 1 fail, 1 warn, 1 skip in 1\.5 s$/);
});

test("prints colours only on request", () => {
  const [plain, coloured] = [false, true].map((colours) => renderReport(report(fail("a", "b")), 100, colours));
  assert.ok(!plain?.includes("\u001b"));
  assert.ok(coloured?.includes("\u001b[31;1mfail"));
});

test("prints JSON with the result and each finding with its check", () => {
  assert.deepEqual(JSON.parse(reportJson("local", report(pass("a.b", "fine")))), {
    stack: "local",
    ok: true,
    findings: [{ check: "isolation", outcome: "pass", subject: "a.b", seen: "fine" }],
  });
  assert.equal(JSON.parse(reportJson("local", report(fail("a.b", "bad")))).ok, false);
});

test("ranks a failure above a warning, and a warning above a skip", () => {
  assert.equal(worst(report(pass("a", ""), warn("a", ""), fail("a", ""))), "fail");
  assert.equal(worst(report(skip("a", ""), warn("a", ""))), "warn");
  assert.equal(worst(report(skip("a", ""))), "skip");
  assert.equal(worst([]), "pass");
});

test("joins all faults in one finding", () => {
  assert.deepEqual(judge("a", ["one", "two"], "right"), fail("a", "one; two"));
  assert.deepEqual(judge("a", [], "right"), pass("a", "right"));
});
