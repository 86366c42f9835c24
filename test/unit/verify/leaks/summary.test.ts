import assert from "node:assert/strict";
import test from "node:test";
import type { Verdict } from "../../../../verify/leaks/answer";
import { type Asked, summarise } from "../../../../verify/leaks/summary";

const run = { subject: "shop", seed: 1, expected: [{ role: "shop_app", relation: "shop.orders" }], rowless: [] };

function asked(verdict: Verdict, relations = ["shop.orders"], shape = "select"): Asked {
  const steps = [{ sql: `SELECT *\n  FROM ${relations.join(", ")}` }];
  return { role: "shop_app", query: { shape, relations, context: "tenant", steps }, verdict };
}

const own = asked({ kind: "own" });
const leak = (relations: string[], shape?: string) => asked({ kind: "leak", how: "rows show it" }, relations, shape);

test("summarizes a run without a leak by its queries and their results", () => {
  const findings = summarise(run, [own, own, asked({ kind: "none" }), asked({ kind: "refused", code: "42501" })]);
  assert.deepEqual(findings, [
    {
      outcome: "pass",
      subject: "shop",
      seen: "no other tenant in the answers to 4 queries of 1 kinds as shop_app, seed 1: 2 showed own rows, 0 counts, plans or shared rows, 1 nothing, 1 refused (1 by privilege or policy)",
    },
  ]);
});

test("attributes a leak to the relation that also leaks alone, with the shortest query", () => {
  const findings = summarise(run, [own, leak(["shop.carts"], "cursor"), leak(["shop.orders", "shop.carts"], "join")]);
  assert.deepEqual(findings[0], {
    outcome: "fail",
    subject: "shop.carts",
    seen: "shop_app learn of another tenant by 2 queries (cursor, join): rows show it: SELECT * FROM shop.carts",
  });
  assert.match(findings.at(-1)?.seen ?? "", /^2 of 3 queries/);
  assert.equal(findings.at(-1)?.outcome, "fail");
});

test("attributes a leak to all relations of the query if none of them leaks alone", () => {
  const findings = summarise(run, [own, leak(["shop.orders", "shop.carts"], "join")]);
  assert.equal(findings[0]?.subject, "shop.orders, shop.carts");
});

test("warns if nearly all queries fail", () => {
  const refused = Array.from({ length: 9 }, () => asked({ kind: "refused", code: "42501" }));
  const findings = summarise(run, [own, ...refused]);
  assert.equal(findings[0]?.outcome, "fail");
  assert.match(findings[0]?.seen ?? "", /too few showed any row/);
});

test("warns, without failing, of queries that find nothing if no row could be created", () => {
  const rowless = ["shop.members (shop.users, to which it refers, has no row)"];
  const vain = Array.from({ length: 9 }, () => asked({ kind: "none" }));
  const [found] = summarise({ ...run, expected: [], rowless }, vain);
  assert.equal(found?.outcome, "warn");
  assert.match(
    found?.seen ?? "",
    /no row could be made in shop\.members \(shop\.users, to which it refers, has no row\)/,
  );
  assert.equal(summarise({ ...run, rowless }, [own, ...vain, leak(["shop.orders"])]).at(-1)?.outcome, "fail");
});

test("reports a table that never shows its tenant's row, after enough tries", () => {
  const others = Array.from({ length: 8 }, () => asked({ kind: "own" }, ["shop.carts"]));
  const vain = Array.from({ length: 8 }, () => asked({ kind: "none" }));
  assert.deepEqual(summarise(run, [...others, ...vain])[0], {
    outcome: "fail",
    subject: "shop.orders",
    seen: "no query as shop_app showed the row that its tenant has",
  });
  assert.equal(summarise(run, [...others, ...vain.slice(1)])[0]?.outcome, "pass");
});

test("warns about an unexpected error", () => {
  const findings = summarise(run, [own, asked({ kind: "refused", code: "42601" })]);
  assert.equal(findings[0]?.outcome, "warn");
  assert.match(findings[0]?.seen ?? "", /1 met an unexpected error, first 42601: SELECT \* FROM shop\.orders$/);
});
