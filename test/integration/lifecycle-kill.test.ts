import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDb, literal } from "../../lifecycle/export/duckdb";
import { readTierSizes } from "../../lifecycle/tier-sizes";
import { agingDatabase } from "./aging";
import { linearCongruence } from "./kills";
import { skip } from "./servers";

/** `make test-kills` kills at 50 moments while three years of 50 tenants move. */
const kills = Number(process.env.TENANTRY_LIFECYCLE_KILLS ?? 3);
const [months, tenants] = kills > 10 ? [36, 50] : [4, 5];
const now = "2030-01-01T00:00:00Z";

test(`a lifecycle run that is killed ${kills} times loses nothing and doubles nothing`, { skip }, async (t) => {
  const aging = await agingDatabase(t);
  const { admin, endpoint, folder, tables } = aging;
  await aging.addTable("orders", "total numeric(12,2), note text, tags text[], placed timestamptz", { months });
  await admin.query(
    `INSERT INTO ecommerce.orders SELECT ('00000000-0000-4000-8000-' || lpad((n % ${tenants})::text, 12, '0'))::uuid,
       '2023-01-01'::timestamptz + month * interval '1 month' + n * interval '1 minute', n, n * 1.01, md5(n::text), ARRAY[n::text, NULL], now()
     FROM generate_series(0, ${months - 1}) AS month, generate_series(1, ${tenants * 20}) AS n`,
  );
  const total = months * tenants * 20;
  await admin.query("CREATE TABLE ecommerce.kept AS SELECT * FROM ecommerce.orders");
  const { nodes: _, drop: __, endpoints: ___, ...login } = endpoint;
  const input = JSON.stringify({ endpoint: { ...login, nodes: [] }, tables, folder: dirname(dirname(folder)), now });
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "lifecycle-runner.ts")], {
      stdio: ["pipe", "ignore", "pipe"],
    });
    child.stdin?.end(input);
    return child;
  };
  const random = linearCongruence(7);
  for (let kill = 0; kill < kills; kill++) {
    const child = start();
    const ended = once(child, "close");
    await sleep(1_500 + random() * 8_000);
    child.kill("SIGKILL");
    await ended;
    // A dead client's session ends within seconds; until then it holds the lock.
    await sleep(500);
  }
  for (let attempt = 1; ; attempt++) {
    const child = start();
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const [code] = await once(child, "close");
    if (code === 0) break;
    assert.ok(/Another run or erasure works/.test(errors) && attempt < 20, errors);
    await sleep(1_000);
  }
  assert.equal((await admin.query("SELECT 1 FROM ecommerce.orders")).rows.length, 0);
  const sizes = await readTierSizes(aging.context.database.query.bind(aging.context.database));
  const cold = sizes.find(({ tier }) => tier === "cold");
  assert.deepEqual([cold?.table, cold?.partitions, cold?.rows], ["ecommerce.orders", months, total]);
  t.diagnostic(
    sizes.map(({ table, tier, rows, bytes }) => `${table} ${tier}: ${rows} rows, ${bytes} bytes`).join("; "),
  );
  const { rows: catalog } = await admin.query(
    "SELECT count(*)::int AS files, sum(rows)::int AS rows, bool_and(verified_at IS NOT NULL) AS verified FROM tenantry.cold_file",
  );
  assert.deepEqual(catalog, [{ files: months * tenants, rows: total, verified: true }]);
  const expected = await admin.query<{ sum: string }>(
    "SELECT sum(('x' || substr(md5(concat(tenant_id, at, id, total, note, tags)), 1, 15))::bit(60)::bigint)::text AS sum FROM ecommerce.kept",
  );
  const work = await mkdtemp(join(tmpdir(), "tenantry-reader-"));
  const duckdb = await DuckDb.open(work);
  t.after(() => rm(work, { recursive: true, force: true }));
  const [found] = await duckdb.query(
    `SELECT count(*)::VARCHAR AS rows, sum(('0x' || substr(md5(concat(tenant_id::VARCHAR, "at"::VARCHAR, id::VARCHAR, total::VARCHAR, note, tags)), 1, 15))::BIGINT)::VARCHAR AS sum
     FROM read_parquet(${literal(`${folder}/cold/*/*/*/*.parquet`)})`,
  );
  duckdb.close();
  assert.deepEqual(found, { rows: String(total), sum: expected.rows[0]?.sum });
});
