import assert from "node:assert/strict";
import test from "node:test";
import { emptyCatalog } from "../../../../architecture/catalog/catalog-edits";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { noPolicies } from "../../../../lint/policies";
import type { TableFacts } from "../../../../lint/rule";
import { type Counted, judgeStatements } from "../../../../verify/checks/statements";

const tables: TableFacts = {
  schema: "shop",
  tenantColumn: "tenant_id",
  citus: false,
  kindOf: (name) => (tables.isTenantTable(name) ? "tenant" : undefined),
  catalog: emptyCatalog,
  policies: noPolicies,
  roles: new Map(),
  isUndescribed: () => false,
  isTenantTable: (name) => ["orders", "customers", "tenantry.outbox"].includes(name),
  partitionColumn: (name) => ({ orders: "placed_at", "tenantry.outbox": "created_at" })[name],
};

const counted = (sql: string, more: Partial<Counted> = {}): Counted => ({
  ...{ role: "shop_app", sql, calls: 1_234, meanMs: 5.25, totalMs: 6_000 },
  ...more,
});

const judge = (...sql: string[]) =>
  judgeStatements(
    "shop",
    sql.map((each) => counted(each)),
    tables,
  );

test.before(loadSqlParser);

test("passes statements that name their tenant and limit their time, with PostgreSQL's `$1` for constants", () => {
  const findings = judge(
    "SELECT * FROM shop.customers WHERE tenant_id = $1",
    "SELECT * FROM shop.orders WHERE tenant_id = $1 AND placed_at > now() - interval $2",
    "SELECT tenantry.set_tenant($1)",
  );
  assert.deepEqual(findings, [
    { outcome: "pass", subject: "shop", seen: "3 statements of its roles keep to their tenant and their time" },
  ]);
});

test("reports a statement without its tenant, with its calls and time", () => {
  assert.deepEqual(judge("SELECT * FROM shop.customers WHERE email = $1"), [
    {
      outcome: "warn",
      subject: "shop_app",
      seen: "1,234 calls, 5.3 ms each: This asks every shard of `customers`: row level security alone prunes none (query-without-tenant): Add `tenant_id = …` to WHERE, such as tenantry.current_tenant(): SELECT * FROM shop.customers WHERE email = $1",
    },
  ]);
});

test("fails for a join without the tenant and a poll of the outbox, and warns about an unbounded read", () => {
  const [join] = judge(
    "SELECT * FROM shop.customers c JOIN shop.orders o ON o.customer_id = c.customer_id WHERE c.tenant_id = $1 AND o.placed_at > $2",
  );
  assert.equal(join?.outcome, "fail");
  assert.match(join?.seen ?? "", /cross-shard-join/);
  const [poll] = judge(
    "SELECT * FROM tenantry.outbox WHERE tenant_id = $1 AND created_at > $2 LIMIT $3 FOR UPDATE SKIP LOCKED",
  );
  assert.equal(poll?.outcome, "fail");
  assert.match(poll?.seen ?? "", /outbox-polling/);
  const [read] = judge("SELECT * FROM shop.orders WHERE tenant_id = $1");
  assert.equal(read?.outcome, "warn");
  assert.match(read?.seen ?? "", /unbounded-partition-query/);
});

test("does not show a value that was left in a statement", () => {
  const [finding] = judge(
    "SELECT * FROM shop.customers WHERE email = 'secret@example.com' AND note = $tag$hidden$tag$",
  );
  assert.match(finding?.seen ?? "", /email = '…' AND note = '…'$/);
  assert.doesNotMatch(finding?.seen ?? "", /secret|hidden/);
});

test("ignores statements that ran once or twice, and counts unreadable ones", () => {
  const rare = counted("SELECT * FROM shop.customers", { calls: 2, totalMs: 3 });
  assert.equal(judgeStatements("shop", [rare], tables)[0]?.outcome, "pass");
  assert.match(judge("SELECT * FROM")[0]?.seen ?? "", /; 1 could not be read$/);
});

test("shows ten statements and counts the rest", () => {
  const many = Array.from({ length: 14 }, (_, index) => `SELECT c${index} FROM shop.customers`);
  const findings = judge(...many);
  assert.equal(findings.length, 11);
  assert.match(findings.at(-1)?.seen ?? "", /^4 more statements/);
});
