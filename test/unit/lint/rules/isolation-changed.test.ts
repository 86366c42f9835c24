import assert from "node:assert/strict";
import test from "node:test";
import { isolationChanged } from "../../../../lint/rules/isolation-changed";
import { fixes, found } from "../shop-with";

const bad = `CREATE POLICY everything ON orders USING (true);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(isolationChanged, bad), [
    "1 Policy `everything` on `orders` lets rows through beside `tenant_isolation`: PostgreSQL combines policies by OR",
  ]);
  assert.match((await fixes(isolationChanged, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  const narrowing = "ALTER TABLE orders ADD CONSTRAINT paid_only CHECK (total > 0) NOT VALID;";
  assert.deepEqual(await found(isolationChanged, narrowing), []);
});

test("reports a restrictive policy only on Citus, which drops the word", async () => {
  const narrowing = "CREATE POLICY paid_only ON orders AS RESTRICTIVE USING (total > 0);";
  assert.deepEqual(await found(isolationChanged, narrowing, { citus: false }), []);
  assert.deepEqual(await found(isolationChanged, narrowing), [
    "1 Policy `paid_only` on `orders` lets rows through beside `tenant_isolation`: Citus drops the word RESTRICTIVE when it copies policies to the shards, and PostgreSQL combines policies by OR",
  ]);
});

const others: readonly (readonly [sql: string, what: RegExp])[] = [
  ["ALTER POLICY tenant_isolation ON orders USING (true);", /Policy `tenant_isolation` on `orders` is the toolkit's/],
  ["ALTER POLICY tenant_isolation ON orders RENAME TO other;", /must keep its name/],
  [
    "CREATE RULE nothing AS ON INSERT TO customers DO INSTEAD NOTHING;",
    /Rule `nothing` rewrites statements on `customers`/,
  ],
  ["ALTER TABLE orders OWNER TO shop_app;", /Another owner of `orders`/],
  ["ALTER SCHEMA shop OWNER TO shop_app;", /Another owner of `shop`/],
  ["REASSIGN OWNED BY a TO b;", /Another owner of everything of a role/],
  ["UPDATE orders SET tenant_id = NULL;", /UPDATE of `tenant_id` gives rows of `orders` to another tenant/],
  [
    "DROP EVENT TRIGGER tenantry_isolate_partitions;",
    /Event trigger `tenantry_isolate_partitions` guards new partitions/,
  ],
  ["ALTER EVENT TRIGGER tenantry_isolate_partitions DISABLE;", /Event trigger `tenantry_isolate_partitions`/],
  ["DROP FUNCTION tenantry.set_tenant(uuid);", /`tenantry\.set_tenant` is the toolkit's own/],
  ["DELETE FROM tenantry.migrations;", /`tenantry\.migrations` is the toolkit's own/],
  [
    "CREATE OR REPLACE FUNCTION tenantry.emit() RETURNS int LANGUAGE sql RETURN 1;",
    /`tenantry\.emit` is the toolkit's own/,
  ],
  ["CREATE POLICY everything ON orders_p20261101 USING (true);", /on `orders_p20261101`/],
];

test("reports each way to change isolation", async () => {
  for (const [sql, what] of others) assert.match((await found(isolationChanged, sql)).join("\n"), what);
});

test("reports a statement in a DO block at its own line, also if its text is built", async () => {
  const block = `SELECT 1;
DO $$
DECLARE r record; words text := 'CREATE POLICY open ON orders USING (true)';
BEGIN
  CREATE POLICY plain ON orders USING (true);
  FOR r IN SELECT relname FROM pg_class LOOP
    EXECUTE format('CREATE POLICY %I ON %I USING (true)', 'formatted', r.relname);
  END LOOP;
  EXECUTE 'CREATE POLICY joined ON ' || quote_ident('customers') || ' USING (true)';
END $$;`;
  assert.deepEqual(
    (await found(isolationChanged, block)).map((line) => line.replace(/ lets.*/, "")),
    [
      "3 Policy `open` on `orders`",
      "5 Policy `plain` on `orders`",
      "7 Policy `formatted` on a table whose name is built",
      "9 Policy `joined` on `customers`",
    ],
  );
});
