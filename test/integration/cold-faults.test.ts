import assert from "node:assert/strict";
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { cancelCold, coldRequest, readCold, requestCold, withTenant } from "@tenantry/client";
import { Pool } from "pg";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { StoreError } from "../../store/errors";
import type { Store } from "../../store/store";
import { acme, type ColdDatabase, checksum, coldDatabase, globex } from "./cold-database";
import { skip } from "./servers";

async function ask(cold: ColdDatabase, tenant = acme, until = "2023-02-01Z"): Promise<string> {
  const [row] = await cold.as("app", tenant, "SELECT tenantry.request_cold($1, 'orders', '2023-01-01Z', $2) AS id", [
    tenant,
    until,
  ]);
  return row?.id as string;
}

async function status(cold: ColdDatabase, id: string, tenant = acme) {
  const [row] = await cold.as("app", tenant, "SELECT * FROM tenantry.cold_status($1, $2)", [tenant, id]);
  return row as { state: string; relations: string[]; reason: string | null; files_done: number };
}

/** The tenant's file of January. */
function fileOf({ folder }: ColdDatabase, tenant: string, name = "part-00000.parquet"): string {
  const found = readdirSync(folder, { recursive: true })
    .map(String)
    .find((path) => path.includes("2023-01-01") && path.includes(tenant) && path.endsWith(name));
  return join(folder, found ?? assert.fail("no file"));
}

/** A store that does something before each download. */
function before(store: Store, act: (key: string) => void): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== "download") return typeof value === "function" ? value.bind(target) : value;
      return async (key: string, path: string) => {
        act(key);
        return target.download(key, path);
      };
    },
  });
}

test("a request fails with one error for the operator and a short one for the tenant", { skip }, async (t) => {
  const cold = await coldDatabase(t, { openRequests: 20, rowsPerDay: 1_000_000 });
  const fails = async (operator: RegExp, store?: Store) => {
    const id = await ask(cold);
    const { failures } = await cold.serve(store);
    assert.equal(failures.length, 1);
    assert.match(failures[0]?.failure.message ?? "", operator);
    const { state, reason, relations } = await status(cold, id);
    assert.deepEqual([state, relations], ["failed", []]);
    assert.equal(reason, "the stored data could not be read; the operator has to look at it");
    const { rows } = await cold.admin.query(
      "SELECT 1 FROM pg_class WHERE relname LIKE 'cold_orders%' AND relkind = 'r' UNION ALL SELECT 1 FROM tenantry.cold_request_failure WHERE request_id = $1",
      [id],
    );
    assert.equal(rows.length, 1);
  };

  await t.test("for a store that is down", () =>
    fails(
      /The store does not answer/,
      before(cold.store, () => {
        throw new StoreError({ what: "The store does not answer", fix: "start it" });
      }),
    ),
  );
  await t.test("for a truncated file", async () => {
    truncateSync(fileOf(cold, acme), 100);
    await fails(/A file in the store is not the one that was exported/);
  });
  await t.test("for a missing file", async () => {
    rmSync(fileOf(cold, acme));
    await fails(/The store has no such object/);
  });
  await t.test("for a manifest that was tampered with", async () => {
    const manifest = readdirSync(cold.folder, { recursive: true })
      .map(String)
      .find((path) => path.includes("2023-01-01") && path.endsWith("manifest.json"));
    writeFileSync(join(cold.folder, manifest ?? ""), "{}");
    await fails(/The manifest in the store was changed/);
  });
});

test("rows of a table that changed since the export", { skip }, async (t) => {
  const cold = await coldDatabase(t);
  await t.test("have the default of a column that was added", async () => {
    await cold.admin.query("ALTER TABLE ecommerce.orders ADD COLUMN channel text NOT NULL DEFAULT 'old'");
    const id = await ask(cold);
    await cold.serve();
    const [relation = ""] = (await status(cold, id)).relations;
    assert.equal(await checksum(cold.admin, relation, acme), cold.before.get(acme));
    const { rows } = await cold.admin.query(`SELECT DISTINCT channel FROM ${relation}`);
    assert.deepEqual(rows, [{ channel: "old" }]);
  });
  await t.test("keep the columns that were dropped or retyped, in a table of their own", async () => {
    await cold.admin.query("ALTER TABLE ecommerce.orders DROP COLUMN note");
    await cold.admin.query("ALTER TABLE ecommerce.orders ALTER COLUMN exact TYPE text");
    const id = await ask(cold);
    await cold.serve();
    const [relation = "", ...others] = (await status(cold, id)).relations;
    assert.deepEqual(others, []);
    assert.equal(await checksum(cold.admin, relation, acme), cold.before.get(acme));
    assert.deepEqual(await cold.as("agent", globex, `SELECT 1 FROM ${relation}`), []);
  });
});

test("a worker that is killed between two files is continued by another, and two share the work", {
  skip,
}, async (t) => {
  const cold = await coldDatabase(t);
  const id = await ask(cold, acme, "2023-03-01Z");
  let files = 0;
  const dying = before(cold.store, (key) => {
    if (key.endsWith(".parquet") && ++files === 2) throw new Error("Connection terminated unexpectedly");
  });
  await assert.rejects(cold.serve(dying), /Connection terminated/);
  const interrupted = await status(cold, id);
  assert.deepEqual([interrupted.state, interrupted.files_done], ["fetching", 1]);
  const others = await Promise.all([ask(cold, globex), ask(cold, globex)]);
  const second = await cold.connect(cold.endpoint);
  const done = await Promise.all([cold.serve(), cold.serve(cold.store, second)]);
  assert.equal(done[0].ready + done[1].ready, 3);
  const { relations, state } = await status(cold, id);
  assert.equal(state, "ready");
  const { rows } = await cold.admin.query(`SELECT count(*)::int AS rows FROM ${relations[0]}`);
  assert.deepEqual(rows, [{ rows: 1001 }]);
  for (const each of others) assert.equal((await status(cold, each, globex)).state, "ready");
});

test("the client asks, waits, reads and cancels; links lead to the tenant's files", { skip }, async (t) => {
  const cold = await coldDatabase(t);
  const pool = new Pool({ ...clientConfig({ ...cold.endpoint, ...cold.endpoint.roles.app }), max: 2 });
  // The database is dropped first, and ends its connections.
  pool.on("error", () => {});
  t.after(() => pool.end());
  const range = { table: "orders", from: new Date("2023-01-01T00:00:00Z"), until: new Date("2023-02-01T00:00:00Z") };
  const id = await withTenant(pool, acme, (client) => requestCold(client, range));
  const serving = cold.serve();
  const read = readCold(
    pool,
    acme,
    id,
    async (client, [table]) =>
      (await client.query(`SELECT 1 FROM ${table} WHERE tenant_id = $1`, [client.tenant])).rowCount,
    { pollMs: 50 },
  );
  assert.equal(await read, 744);
  await serving;
  assert.equal(await withTenant(pool, acme, (client) => cancelCold(client, id)), true);
  await assert.rejects(
    readCold(pool, acme, id, async () => {}),
    /is cancelled/,
  );
  await assert.rejects(
    readCold(pool, globex, id, async () => {}),
    /has no request/,
  );

  const signing = new Proxy(cold.store, {
    get: (target, name) => {
      if (name === "signedUrl") return async (key: string) => `https://store.example/${key}?signed`;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const links = await withTenant(pool, acme, (client) => requestCold(client, { ...range, form: "files" }));
  await cold.serve(signing);
  const [relation] = (await withTenant(pool, acme, (client) => coldRequest(client, links)))?.relations ?? [];
  const found = await cold.as("app", acme, `SELECT url, rows FROM ${relation}`);
  assert.equal(found.length, 1);
  assert.match(String(found[0]?.url), new RegExp(`tenant_id=${acme}/part-00000.parquet\\?signed`));
  assert.deepEqual(await cold.as("agent", globex, `SELECT url FROM ${relation}`), []);
});
