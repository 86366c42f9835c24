import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { runAndRead } from "../../provider/postgres/sql-statements";
import { startPostgres } from "./postgres-fixture";
import { skip } from "./servers";

const pidOf = async (client: Client) => {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
};

test("reads the server's version and extensions", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const facts = await open({}, { roles: ["shop_app"] }).facts;
  assert.ok(facts.version >= 150000);
  assert.equal(facts.partman?.schema, "partman");
});

const wrong: readonly [string, Partial<PostgresEndpoint>, RegExp][] = [
  ["an unknown host", { host: "nowhere.invalid" }, /host name is unknown here\n {2}got: {6}nowhere\.invalid/],
  ["a wrong port", { port: 1 }, /No server listens at .*:1\b/],
  ["a wrong password", { password: "wrong-secret" }, /refused the password of "/],
  ["an unknown user", { user: "nobody_here" }, /"nobody_here"/],
  ["a missing database", { database: "not_there" }, /has no database "not_there"/],
];

for (const [what, changes, expected] of wrong) {
  test(`reports ${what} in one clear error, without the password`, { skip }, async (t) => {
    const { open, endpoint } = await startPostgres(t);
    const { facts, query, locked } = {
      facts: () => open(changes).facts,
      query: () => open(changes).query("SELECT"),
      locked: () => open(changes).locked(async () => {}),
    };
    for (const fails of [facts, query, locked]) {
      await assert.rejects(fails, (error: Error) => {
        assert.match(error.message, expected);
        assert.match(error.message, /fix: /);
        assert.doesNotMatch(error.message, /wrong-secret/);
        assert.ok(!error.message.includes(endpoint.password));
        return true;
      });
    }
  });
}

test("reports all missing requirements at once", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const citus = (await open().facts).citus;
  await open().locked((client) => client.query("DROP EXTENSION pg_partman CASCADE"));
  await assert.rejects(open({}, { citus: "required", roles: ["shop_app", "ghost"] }).facts, (error: Error) => {
    assert.match(error.message, /pg_partman is installed on the server, but not created in the database/);
    assert.match(error.message, /no "ghost"/);
    if (!citus) assert.match(error.message, /Citus is required/);
    return true;
  });
});

test("reports missing rights of the role", { skip }, async (t) => {
  const { open, endpoint } = await startPostgres(t);
  await assert.rejects(open({ ...endpoint.roles.app }).facts, /The role "shop_app" has too few rights/);
});

test("runs the changes of one process one at a time on one connection", { skip }, async (t) => {
  const database = (await startPostgres(t)).open();
  let running = 0;
  const pids = await Promise.all(
    Array.from({ length: 5 }, () =>
      database.transaction(async (client) => {
        assert.equal(++running, 1);
        const pid = await pidOf(client);
        await client.query("SELECT pg_sleep(0.02)");
        running--;
        return pid;
      }),
    ),
  );
  assert.equal(new Set(pids).size, 1);
});

test("makes a second process wait, and then fail with an error that names the holder", { skip }, async (t) => {
  const { open, logged } = await startPostgres(t);
  const pid = await open().locked(pidOf);
  await assert.rejects(
    open({}, { lockWaitMs: 300 }).locked(async () => {}),
    new RegExp(
      `Another change to this database is running[^]*tenantry from .*server process ${pid}, connected since 20`,
    ),
  );
  assert.match(logged.join(), /waiting for another change/);
});

test("takes the lock when its holder ends", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const [holder, next] = [open(), open()];
  await holder.locked(pidOf);
  const waiting = next.locked(async () => "in");
  await holder.close();
  assert.equal(await waiting, "in");
});

test("rolls back failed work completely", { skip }, async (t) => {
  const database = (await startPostgres(t)).open();
  await assert.rejects(
    database.transaction(async (client) => {
      await client.query("CREATE TABLE a ()");
      throw new Error("no");
    }),
    /^Error: no$/,
  );
  assert.deepEqual(await database.query("SELECT to_regclass('a') AS a"), [{ a: null }]);
});

test("stops a batch at its first failing statement, and reports its error", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const database = open();
  const statements = ["CREATE TABLE public.one ()", "SELECT missing", "CREATE TABLE public.two ()", "SELECT 1 / 0"];
  await assert.rejects(
    database.transaction((client) =>
      runAndRead(
        client,
        statements.map((sql) => ({ sql })),
        (read) => read("SELECT 1"),
      ),
    ),
    /column "missing" does not exist[\s\S]*in: SELECT missing/,
  );
  const there = await database.query(
    "SELECT FROM pg_class WHERE relname IN ('one', 'two') AND relnamespace = $1::regnamespace",
    ["public"],
  );
  assert.equal(there.length, 0);
  assert.deepEqual(
    await database.transaction((client) =>
      runAndRead(client, [{ sql: "SELECT 1" }], (read) => read("SELECT 2 AS two")),
    ),
    [{ two: 2 }],
  );
});

test("does not report a commit after a failed statement whose error was caught", { skip }, async (t) => {
  const database = (await startPostgres(t)).open();
  await assert.rejects(
    database.transaction((client) => client.query("SELECT 1/0").catch(() => {})),
    /was rolled back/,
  );
});

test("repeats a transaction after a deadlock or a serialization failure only", {
  skip,
}, async (t) => {
  const { open, logged } = await startPostgres(t);
  const database = open();
  let runs = 0;
  const fail = (code: string) => `DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${code}'; END $$`;
  const result = await database.transaction(async (client) => {
    if (++runs < 3) await client.query(fail(runs === 1 ? "40P01" : "40001"));
    return runs;
  });
  assert.equal(result, 3);
  assert.equal(logged.filter((line) => /trying again/.test(line)).length, 2);
  runs = 0;
  await assert.rejects(
    database.transaction((client) => {
      runs++;
      return client.query(fail("23505"));
    }),
    /on purpose/,
  );
  assert.equal(runs, 1);
});

test("waits only briefly for the lock of a table, because waiting blocks its readers, and then retries", {
  skip,
}, async (t) => {
  const { open, endpoint } = await startPostgres(t);
  const database = open();
  await database.transaction((client) => client.query("CREATE TABLE busy ()"));
  const user = new Client(clientConfig(endpoint));
  await user.connect();
  await user.query("BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE");
  let runs = 0;
  const change = database.transaction(async (client) => {
    const { rows } = await client.query("SHOW lock_timeout");
    assert.deepEqual(rows, [{ lock_timeout: "5s" }]);
    if (++runs === 2) await user.query("COMMIT");
    await client.query("SET LOCAL lock_timeout = '100ms'");
    await client.query("ALTER TABLE busy ADD COLUMN id int");
  });
  await change.finally(() => user.end());
  assert.equal(runs, 2);
});

test("reports a connection that breaks during work, and opens a new one for the next", { skip }, async (t) => {
  const database = (await startPostgres(t)).open();
  const dies = database.transaction(async (client) => {
    await database.query("SELECT pg_terminate_backend($1::int)", [await pidOf(client)]);
    await client.query("SELECT 1");
  });
  await assert.rejects(dies, /PostgreSQL|broke in the middle of the work/);
  const locks = await database.locked(async (client) => {
    const { rows } = await client.query(
      "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    );
    return rows;
  });
  assert.deepEqual(locks, [{ n: 1 }]);
});

test("cancels the running statement and all waiting ones", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const abort = new AbortController();
  const database = open({}, { signal: abort.signal });
  await database.transaction((client) => client.query("CREATE TABLE a ()"));
  const started = Date.now();
  const running = database.transaction((client) => client.query("DROP TABLE a; SELECT pg_sleep(30)"));
  const waiting = database.transaction((client) => client.query("DROP TABLE a"));
  setTimeout(() => abort.abort(), 100);
  await assert.rejects(running, /Cancelled/);
  await assert.rejects(waiting, /abort|Cancelled/i);
  assert.ok(Date.now() - started < 5_000);
  assert.deepEqual(await open().query("SELECT to_regclass('a')::text AS a"), [{ a: "a" }]);
});

test("rejects work under the lock that asks for the lock, instead of waiting for ever", {
  skip,
}, async (t) => {
  const database = (await startPostgres(t)).open();
  await assert.rejects(
    database.transaction(() => database.locked(async () => {})),
    /use the client it was given/,
  );
});

test("runs work on a node under the same lock", { skip }, async (t) => {
  const { open, endpoint } = await startPostgres(t);
  const [node] = endpoint.nodes;
  assert.ok(node);
  const name = await open().onNode(
    node,
    async (client) => (await client.query("SELECT current_database() AS name")).rows,
  );
  assert.deepEqual(name, [{ name: endpoint.database }]);
});
