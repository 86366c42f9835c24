import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import { Client, Pool } from "pg";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { emit, processOnce, withTenant } from "../../client";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { lastingVerifier } from "../../common/scram";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { type ClientDatabase, clientDatabase } from "./client-database";
import { keepsPrepared, pgbouncerVersion, startPooler } from "./pooler";
import { skip as noServers } from "./servers";

const version = pgbouncerVersion();
const skip = noServers || (version === undefined && "needs pgbouncer (Debian: apt-get install pgbouncer)");

/** Fewer connections than clients and tenants, so every connection serves several. */
const serverConnections = 2;
const tenants = Array.from({ length: 6 }, () => randomUUID());

interface Pooled {
  readonly database: ClientDatabase;
  readonly endpoint: PostgresEndpoint;
  pool(max: number): Pool;
}

async function pooled(t: TestContext, pooling?: "session"): Promise<Pooled> {
  const database = await clientDatabase(t);
  const { endpoint } = database;
  // DatabaseRoles gives the server this verifier. The pooler logs in with the client's SCRAM keys, so both verifiers must be equal.
  await database.admin.query(
    `ALTER ROLE ${quoteIdentifier(endpoint.user)} PASSWORD ${quoteLiteral(lastingVerifier(endpoint.user, endpoint.password))}`,
  );
  // The pools end before the pooler, which also ends after the test.
  const pools: Pool[] = [];
  t.after(() => Promise.all(pools.map((pool) => pool.end())));
  const through = await startPooler(t, endpoint, [endpoint], serverConnections, pooling);
  return {
    database,
    endpoint: through,
    pool(max) {
      const pool = new Pool({ ...clientConfig(through), max });
      pools.push(pool);
      return pool;
    },
  };
}

async function asking<T>(endpoint: PostgresEndpoint, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(clientConfig(endpoint));
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const seen =
  "SELECT coalesce(current_setting('app.tenant_id', true), '') AS tenant, count(*)::int AS rows FROM shop.notes GROUP BY 1";
const nothing = "SELECT coalesce(current_setting('app.tenant_id', true), '') AS tenant";

test("tenants share server connections through the pooler, and no tenant sees another's rows", { skip }, async (t) => {
  const { database, pool } = await pooled(t);
  const clients = pool(12);
  const backends = new Map<number, Set<string>>();
  await Promise.all(
    Array.from({ length: 120 }, async (_, turn) => {
      const tenant = tenants[turn % tenants.length] ?? "";
      await withTenant(clients, tenant, async (client) => {
        await client.query("INSERT INTO shop.notes VALUES ($1, $2)", [tenant, `note ${turn}`]);
        const { rows } = await client.query<{ pid: number; tenants: string[] }>(
          "SELECT pg_backend_pid() AS pid, array_agg(DISTINCT tenant_id::text) AS tenants FROM shop.notes",
        );
        assert.deepEqual(rows[0]?.tenants, [tenant]);
        const pid = rows[0]?.pid ?? 0;
        backends.set(pid, (backends.get(pid) ?? new Set()).add(tenant));
      });
    }),
  );
  assert.ok(backends.size <= serverConnections, `${backends.size} server connections`);
  assert.ok(
    [...backends.values()].every((served) => served.size > 1),
    "each connection served several tenants",
  );
  const { rows } = await database.admin.query("SELECT tenant_id, count(*)::int AS n FROM shop.notes GROUP BY 1");
  assert.deepEqual(new Set(rows.map(({ n }) => n)), new Set([20]));
});

test("events and processed events of several tenants commit through the pooler together with their rows", {
  skip,
}, async (t) => {
  const { database, pool } = await pooled(t);
  const clients = pool(8);
  const eventId = randomUUID();
  await Promise.all(
    tenants.map(async (tenant) => {
      const written = await withTenant(clients, tenant, async (client) => {
        await client.query("INSERT INTO shop.notes VALUES ($1, 'kept')", [tenant]);
        return emit(client, { aggregateType: "order", aggregateId: tenant, type: "Noted", payload: { tenant } });
      });
      const failed = withTenant(clients, tenant, async (client) => {
        await emit(client, { aggregateType: "order", aggregateId: tenant, type: "Lost", payload: {} });
        throw new Error("no");
      });
      await assert.rejects(failed, /^Error: no$/);
      assert.deepEqual(
        (await database.events(tenant)).map((event) => (event as { id: string }).id),
        [written],
      );
      const once = () =>
        withTenant(clients, tenant, (client) => processOnce(client, { consumer: "c", eventId }, async () => tenant));
      const [first, second] = [await once(), await once()];
      assert.deepEqual(first, { processed: true, value: tenant });
      assert.deepEqual(second, { processed: false });
    }),
  );
});

test("resets the tenant of a connection after a commit, a rollback, a dead client, and a tenant set for the session", {
  skip,
}, async (t) => {
  const { database, endpoint, pool } = await pooled(t);
  const [tenant = ""] = tenants;
  const clients = pool(2);
  const noneLeft = async (after: string) => {
    // One client for each server connection, so that all of them are checked.
    const found = await Promise.all(
      Array.from({ length: serverConnections }, () =>
        asking(endpoint, async (client) => {
          await client.query("BEGIN");
          const { rows } = await client.query(nothing);
          const { rows: notes } = await client.query(seen);
          await client.query("SELECT pg_sleep(0.2)");
          await client.query("COMMIT");
          return { rows, notes };
        }),
      ),
    );
    for (const each of found) assert.deepEqual(each, { rows: [{ tenant: "" }], notes: [] }, after);
  };
  await withTenant(clients, tenant, (client) => client.query("INSERT INTO shop.notes VALUES ($1, 'x')", [tenant]));
  await noneLeft("a commit");
  await assert.rejects(withTenant(clients, tenant, (client) => client.query("SELECT 1/0")));
  await noneLeft("a rollback");
  const dying = new Client(clientConfig(endpoint));
  dying.on("error", () => {});
  await dying.connect();
  await dying.query(`BEGIN; SELECT tenantry.set_tenant(${quoteLiteral(tenant)})`);
  const { stream } = (dying as unknown as { connection: { stream: { destroy(): void } } }).connection;
  stream.destroy();
  await noneLeft("a client that died");
  await asking(endpoint, (client) => client.query(`SET app.tenant_id = ${quoteLiteral(tenant)}`));
  await noneLeft("a tenant set for the session");
  assert.equal((await database.admin.query("SELECT FROM shop.notes")).rowCount, 1);
});

test("with session pooling a client keeps its connection and its settings, and the next client finds none of them", {
  skip,
}, async (t) => {
  const { endpoint } = await pooled(t, "session");
  const [tenant = ""] = tenants;
  const pidOf = async (client: Client) => (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;
  const used = await asking(endpoint, async (client) => {
    const pid = await pidOf(client);
    await client.query("SELECT pg_advisory_lock(42)");
    await client.query(`SET app.tenant_id = ${quoteLiteral(tenant)}`);
    assert.equal(await pidOf(client), pid);
    assert.deepEqual((await client.query(nothing)).rows, [{ tenant }]);
    return pid;
  });
  await asking(endpoint, async (client) => {
    assert.equal(await pidOf(client), used);
    assert.deepEqual((await client.query(nothing)).rows, [{ tenant: "" }]);
    const { rows } = await client.query(
      "SELECT count(*)::int AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    );
    assert.deepEqual(rows, [{ locks: 0 }]);
  });
});

test("accepts only the declared roles, by TLS and with their password", { skip }, async (t) => {
  const { endpoint } = await pooled(t);
  const connecting = (more: Partial<PostgresEndpoint>) =>
    asking({ ...endpoint, ...more }, (client) => client.query("SELECT"));
  await connecting({});
  await assert.rejects(connecting({ password: "wrong" }), /auth|password|SASL/i);
  await assert.rejects(connecting({ user: "postgres" }), /auth|password|SASL|no such user/i);
  await assert.rejects(connecting({ sslmode: "disable" }), /SSL required/);
});

const tooOld = skip || ((version ?? 0) < keepsPrepared && "needs PgBouncer 1.21 or newer");
test("a named prepared statement of a driver runs on any server connection", { skip: tooOld }, async (t) => {
  const { endpoint, pool } = await pooled(t);
  const busy = pool(4);
  await asking(endpoint, async (client) => {
    for (let turn = 0; turn < 20; turn += 1) {
      const others = [1, 2, 3].map(() => busy.query("SELECT pg_sleep(0.01)"));
      const { rows } = await client.query({ name: "twice", text: "SELECT $1::int * 2 AS n", values: [turn] });
      assert.deepEqual(rows, [{ n: 2 * turn }]);
      await Promise.all(others);
    }
  });
});
