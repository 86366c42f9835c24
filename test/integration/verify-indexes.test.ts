import assert from "node:assert/strict";
import test from "node:test";
import { estimates } from "../../verify/checks/estimates";
import { indexes } from "../../verify/checks/indexes";
import { withLogin } from "../../verify/login";
import { skip } from "./servers";
import { verifiedShop } from "./verified-shop";

const tenant = "00000000-0000-0000-0000-00000000000a";

test("tenantry verify names indexes that roles under row level security can't use", { skip }, async (t) => {
  const shop = await verifiedShop(t);
  if (shop.isCitus) return t.skip("the shards have the rows there, and their statistics");
  await t.test("mentions indexes of small tables without a warning", async () => {
    const [finding, ...others] = await shop.look([indexes]);
    assert.deepEqual(others, []);
    assert.equal(finding?.outcome, "pass");
    assert.match(finding?.seen ?? "", /small still; .*customers_email_key up to lower\(email\)/);
  });
  await shop.run([
    `INSERT INTO ecommerce.tenants (tenant_id, name, country, currency) VALUES ('${tenant}', 'many', 'AT', 'EUR')`,
    "CREATE EXTENSION IF NOT EXISTS citext",
    "ALTER TABLE ecommerce.customers ADD COLUMN alias citext, ADD COLUMN alias_key text GENERATED ALWAYS AS (lower(alias::text)) STORED",
    `INSERT INTO ecommerce.customers (tenant_id, email, name, country, alias) SELECT '${tenant}', 'c' || i || '@example.com', 'c' || i, 'AT', 'C' || i FROM generate_series(1, 20000) AS i`,
    "CREATE INDEX by_alias ON ecommerce.customers (tenant_id, alias)",
    "CREATE INDEX by_alias_key ON ecommerce.customers (tenant_id, alias_key)",
    "ANALYZE ecommerce.customers",
  ]);
  await t.test("warns of indexes of large tables, but not of the index that replaces them", async () => {
    const found = await shop.look([indexes]);
    assert.deepEqual(
      found.map(({ outcome, subject }) => [outcome, subject]),
      [
        ["warn", "ecommerce.customers"],
        ["warn", "ecommerce.customers"],
      ],
    );
    assert.match(
      found[0]?.seen ?? "",
      /can't look up by alias in by_alias, as = of alias is not leakproof.*of 20,000 in all/,
    );
    assert.match(
      found[1]?.seen ?? "",
      /by lower\(email\) in customers_email_key, as a function in lower\(email\) is not leakproof/,
    );
  });
  await t.test("names the columns whose row estimates depend on other tenants' values", async () => {
    const [finding] = await shop.look([estimates]);
    assert.equal(finding?.outcome, "skip");
    assert.match(
      finding?.seen ?? "",
      /can't be held by PostgreSQL: row estimates follow other tenants' values \(.*customers\.email/,
    );
  });
  await t.test("reports exactly the indexes that a role's plans don't use", async () => {
    const login = shop.database.roles.app;
    assert.ok(login);
    await withLogin(shop.database, login, async (client) => {
      const plan = async (condition: string) => {
        await client.query("BEGIN");
        await client.query(`SET LOCAL app.tenant_id = '${tenant}'`);
        const sql = `EXPLAIN SELECT 1 FROM ecommerce.customers WHERE tenant_id = '${tenant}' AND ${condition}`;
        const { rows } = await client.query<{ "QUERY PLAN": string }>(sql);
        await client.query("ROLLBACK");
        return rows.map((row) => row["QUERY PLAN"]).join("\n");
      };
      assert.doesNotMatch(await plan("alias = 'c7'"), /Index Cond: .*alias/);
      assert.match(await plan("alias_key = lower('C7')"), /Index Cond: .*alias_key/);
    });
  });
});
