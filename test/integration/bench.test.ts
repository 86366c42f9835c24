import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { calibrateDatabase } from "../../bench/calibration";
import { ratesFile } from "../../bench/calibration-report";
import { calibrationComment } from "../../bench/calibration-scripts";
import { silent } from "../../common/system/progress";
import { requirePostgres } from "../../local/servers/postgres-programs";
import { withSession } from "../../local/servers/sql-session";
import { freshDatabase, skip } from "./servers";

const tenantry = join(__dirname, "../../cli/tenantry");
const run = promisify(execFile);

interface Reported {
  readonly cores: number;
  readonly measurements: readonly {
    readonly unit: string;
    readonly ours: number;
    readonly theirs: number;
    readonly ratio: number;
  }[];
}

test("a benchmark runs on its own servers, reports its ratio and stops the servers", { skip }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), "tenantry-bench-test-"));
  t.after(async () => {
    await run(tenantry, ["local", "reset", "--yes", "--home", home]);
    rmSync(home, { recursive: true, force: true });
  });
  const sizes = ["--rounds", "1", "--seconds", "1", "--clients", "1"];
  const { stdout } = await run(tenantry, ["bench", "--only", "transaction", "--json", "--home", home, ...sizes]);
  const { cores, measurements } = JSON.parse(stdout) as Reported;
  assert.ok(cores > 0);
  assert.equal(measurements.length, 1);
  const [{ unit, ours, theirs, ratio }] = measurements as [Reported["measurements"][0]];
  assert.equal(unit, "transactions/s");
  assert.ok(ours > 0 && theirs > 0);
  assert.equal(ratio, ours / theirs);
  const status = await run(tenantry, ["local", "status", "--json", "--home", home]).catch(
    (error: { stdout: string }) => error,
  );
  const states = (JSON.parse(status.stdout) as { state: string }[]).map(({ state }) => state);
  assert.deepEqual([...new Set(states)], ["stopped"]);
});

test("rejects an unknown benchmark before anything starts", async () => {
  await assert.rejects(
    run(tenantry, ["bench", "--only", "speed"]),
    /There is no benchmark `speed`: throughput, latency/,
  );
});

test("`--calibrate` removes the remains of a killed run, and measures rates that `plan --rates` reads", {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-test-"));
  const rates = join(folder, "rates.yaml");
  const database = await freshDatabase();
  t.after(async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
  const calibration = {
    postgres: database,
    bin: (await requirePostgres()).bin,
    cores: 2,
    seconds: 1,
    mostClients: 2,
    progress: silent,
  };
  const left = async () =>
    withSession(database, database.database, async (client) => {
      const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = 'tenantry_calibration'");
      return rowCount;
    });
  await withSession(database, database.database, (client) =>
    client.query(`CREATE SCHEMA tenantry_calibration; CREATE TABLE tenantry_calibration.orders (left_by_a_killed_run int);
      COMMENT ON SCHEMA tenantry_calibration IS '${calibrationComment}'`),
  );
  const measured = await calibrateDatabase(calibration);
  assert.ok(measured.writesPerCore > 0 && measured.readsPerCore > 0);
  assert.equal(await left(), 0);
  const report = { date: new Date().toISOString(), servers: "embedded servers", cores: 2, rates: measured };
  writeFileSync(rates, ratesFile(report));
  const { stdout } = await run(tenantry, [
    "plan",
    "--workload",
    join(__dirname, "../../examples/workloads/8-tenants.yaml"),
    "--rates",
    rates,
  ]);
  assert.match(stdout, /\(your rate\)/);
});

test("`--calibrate` keeps a schema that it did not create, and names the role that may not create one", {
  skip,
}, async (t) => {
  const database = await freshDatabase();
  t.after(() => database.drop());
  const { bin } = await requirePostgres();
  const base = { postgres: database, bin, cores: 2, seconds: 1, mostClients: 1, progress: silent };
  await withSession(database, database.database, (client) => client.query("CREATE SCHEMA tenantry_calibration"));
  await assert.rejects(calibrateDatabase(base), /schema `tenantry_calibration` that no calibration made/);
  await withSession(database, database.database, (client) => client.query("DROP SCHEMA tenantry_calibration"));
  const app = database.roles.app ?? assert.fail();
  await assert.rejects(
    calibrateDatabase({ ...base, postgres: { ...database, ...app } }),
    /may not make the schema.*permission denied/s,
  );
  await assert.rejects(calibrateDatabase({ ...base, bin: "/nowhere" }), /no pgbench/);
  await assert.rejects(calibrateDatabase({ ...base, postgres: { ...database, port: 1 } }), /127\.0\.0\.1:1/);
});

test("`--calibrate` rejects other stacks than `local` without --yes, and an unwritable path for its file", async () => {
  await assert.rejects(run(tenantry, ["bench", "--calibrate", "-s", "kind"]), /add --yes if you mean it/);
  await assert.rejects(run(tenantry, ["bench", "--calibrate", "-s", "nowhere"]), /There is no stack `nowhere`/);
  await assert.rejects(run(tenantry, ["bench", "--calibrate", "--out", "/nowhere/rates.yaml"]), /make the folder/);
  await assert.rejects(run(tenantry, ["bench", "--cores", "2"]), /add --calibrate/);
});
