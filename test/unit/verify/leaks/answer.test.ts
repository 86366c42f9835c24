import assert from "node:assert/strict";
import test from "node:test";
import { type Answer, finderOf, judgeAnswer } from "../../../../verify/leaks/answer";
import type { LeakQuery } from "../../../../verify/leaks/query";

const find = {
  foreign: finderOf(["tenantry-verify-0000000b", "712345678"]),
  own: finderOf(["tenantry-verify-0000000a"]),
};

function judge(answer: Partial<Answer>, query: Partial<LeakQuery> = {}, twin?: Partial<Answer>) {
  const whole = (some: Partial<Answer>): Answer => ({ rows: [], count: some.rows?.length ?? 0, notices: [], ...some });
  const asked: LeakQuery = { shape: "s", relations: ["r"], context: "tenant", steps: [{ sql: "SELECT 1" }], ...query };
  return judgeAnswer(asked, whole(answer), twin && whole(twin), find);
}

const foreign = "tenantry-verify-0000000b";
const asking = [{ sql: `SELECT * FROM t WHERE note = '${foreign}'` }];

test("reports another tenant's value in the rows as a leak, even if the query named it", () => {
  assert.equal(judge({ rows: [`x\t${foreign}`] }).kind, "leak");
  assert.equal(judge({ rows: [foreign] }, { steps: asking }).kind, "leak");
});

test("ignores values repeated from the query, but not added ones", () => {
  assert.equal(judge({ rows: [`Filter: (note = '${foreign}')`] }, { steps: asking, echoes: true }).kind, "rows");
  assert.equal(judge({ rows: [`(note = '${foreign}') 712345678`] }, { steps: asking, echoes: true }).kind, "leak");
});

test("reports another tenant's value in an error or a notice as a leak, unless it quotes the query", () => {
  const error = { code: "22P02", text: `invalid input syntax for type integer: "${foreign}"` };
  assert.deepEqual(judge({ error }), { kind: "leak", how: "an error shows a value of another tenant" });
  assert.deepEqual(judge({ error }, { steps: asking }), { kind: "refused", code: "22P02" });
  assert.equal(judge({ notices: [foreign] }).kind, "leak");
});

test("matches whole numbers and words only", () => {
  assert.equal(judge({ rows: ["1712345678"] }).kind, "rows");
  assert.equal(judge({ rows: ["712345678.000"] }).kind, "leak");
  assert.equal(judge({ rows: [`${foreign}c`] }).kind, "rows");
});

test("reports any row as a leak if the query asks only for other tenants' rows", () => {
  assert.deepEqual(judge({ rows: ["paid"] }, { empty: true }), {
    kind: "leak",
    how: "1 rows where other tenants' alone were asked for",
  });
  assert.equal(judge({ count: 2 }, { empty: true }).kind, "leak", "rows that were written count");
  assert.equal(judge({}, { empty: true }).kind, "none");
});

test("reports a trap that fires as a leak, but not a refusal", () => {
  const trap = { empty: true, trap: true } as const;
  assert.equal(judge({ error: { code: "22012", text: "division by zero" } }, trap).kind, "leak");
  assert.equal(judge({ error: { code: "42501", text: "permission denied" } }, trap).kind, "refused");
});

test("reports an answer that differs from its twin as a leak", () => {
  const twin = [{ sql: "SELECT 2" }];
  assert.deepEqual(judge({ rows: ["2"] }, { twin }, { rows: ["1"] }), {
    kind: "leak",
    how: "answered 2, and 1 where other tenants can't matter",
  });
  assert.equal(judge({ rows: ["1"] }, { twin }, { rows: ["1"] }).kind, "rows");
  const unique = { code: "23505", constraint: "email_key", text: "duplicate key" };
  assert.match(
    JSON.stringify(judge({ error: unique }, { twin }, { count: 1 })),
    /error 23505 \(email_key\), and 1 rows/,
  );
  assert.equal(judge({ error: unique }, { twin }, { error: unique }).kind, "refused");
});

test("ignores a twin if the server can't answer one of the two", () => {
  const error = { code: "0A000", text: "complex joins are only supported when …" };
  assert.equal(judge({ error }, { twin: [{ sql: "SELECT 2" }] }, { rows: ["1"] }).kind, "refused");
});

test("distinguishes own rows from counts and from nothing", () => {
  assert.equal(judge({ rows: ["tenantry-verify-0000000a"] }).kind, "own");
  assert.equal(judge({ rows: ["1"] }).kind, "rows");
  assert.equal(judge({}).kind, "none");
});
