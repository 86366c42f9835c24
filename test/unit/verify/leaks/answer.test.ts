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

test("a value of another tenant in the rows is a leak, also of a query that asked for it", () => {
  assert.equal(judge({ rows: [`x\t${foreign}`] }).kind, "leak");
  assert.equal(judge({ rows: [foreign] }, { steps: asking }).kind, "leak");
});

test("an answer that repeats its question is none, but what it adds is", () => {
  assert.equal(judge({ rows: [`Filter: (note = '${foreign}')`] }, { steps: asking, echoes: true }).kind, "rows");
  assert.equal(judge({ rows: [`(note = '${foreign}') 712345678`] }, { steps: asking, echoes: true }).kind, "leak");
});

test("an error or a notice that holds such a value is a leak, unless it quotes the question", () => {
  const error = { code: "22P02", text: `invalid input syntax for type integer: "${foreign}"` };
  assert.deepEqual(judge({ error }), { kind: "leak", how: "an error shows a value of another tenant" });
  assert.deepEqual(judge({ error }, { steps: asking }), { kind: "refused", code: "22P02" });
  assert.equal(judge({ notices: [foreign] }).kind, "leak");
});

test("a number is no part of a longer one, nor a word of a longer word", () => {
  assert.equal(judge({ rows: ["1712345678"] }).kind, "rows");
  assert.equal(judge({ rows: ["712345678.000"] }).kind, "leak");
  assert.equal(judge({ rows: [`${foreign}c`] }).kind, "rows");
});

test("any row is a leak where other tenants' rows alone were asked for", () => {
  assert.deepEqual(judge({ rows: ["paid"] }, { empty: true }), {
    kind: "leak",
    how: "1 rows where other tenants' alone were asked for",
  });
  assert.equal(judge({ count: 2 }, { empty: true }).kind, "leak", "rows that were written count");
  assert.equal(judge({}, { empty: true }).kind, "none");
});

test("a trap that goes off is a leak, a refusal is not", () => {
  const trap = { empty: true, trap: true } as const;
  assert.equal(judge({ error: { code: "22012", text: "division by zero" } }, trap).kind, "leak");
  assert.equal(judge({ error: { code: "42501", text: "permission denied" } }, trap).kind, "refused");
});

test("another answer than the one where other tenants can't matter is a leak", () => {
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

test("a question that the server can't answer at all proves nothing beside one that it can", () => {
  const error = { code: "0A000", text: "complex joins are only supported when …" };
  assert.equal(judge({ error }, { twin: [{ sql: "SELECT 2" }] }, { rows: ["1"] }).kind, "refused");
});

test("the tenant's own rows are told from counts and from nothing", () => {
  assert.equal(judge({ rows: ["tenantry-verify-0000000a"] }).kind, "own");
  assert.equal(judge({ rows: ["1"] }).kind, "rows");
  assert.equal(judge({}).kind, "none");
});
