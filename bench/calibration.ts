import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { addressOf, type Login, type PostgresEndpoint } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import type { Progress } from "../common/system/progress";
import { run } from "../common/system/run";
import type { MachineRates } from "../planner/rates";
import { connect, errorCode, sqlState } from "../provider/postgres/postgres-connection";
import {
  calibrationComment,
  calibrationSchema,
  calibrationTables,
  readScript,
  writeScript,
} from "./calibration-scripts";
import { type Peak, ramp } from "./ramp";
import { parseRate } from "./transaction-bench";

export interface Calibration {
  readonly postgres: PostgresEndpoint;
  /** Where PostgreSQL's programs are. */
  readonly bin: string;
  /** Of the node that holds the rows. */
  readonly cores: number;
  /** Of each step of the ramp. */
  readonly seconds: number;
  readonly mostClients: number;
  readonly progress: Progress;
}

type DatabaseRates = Pick<MachineRates, "writesPerCore" | "readsPerCore">;

/**
 * What the database does in a second and core, measured with rows of made-up tenants in a schema of its own, which goes
 * in the end. What a killed run left is removed first.
 *
 * @throws Problems with a machine that has no pgbench, and a server that can't be reached or lets nobody make a schema
 */
export async function calibrateDatabase(calibration: Calibration): Promise<DatabaseRates> {
  const { postgres, bin, cores, mostClients, progress } = calibration;
  if (!existsSync(join(bin, "pgbench"))) throw new Problems([noPgbench(bin)]);
  const login = postgres.roles.app ?? postgres;
  const client = await connect(postgres);
  try {
    await claim(client);
    await removeTables(client);
    await makeTables(client, login);
    try {
      const peakOf = async (what: string, script: string): Promise<Peak> =>
        ramp(mostClients, (clients) =>
          progress.part(
            `${what}, ${clients} client${clients === 1 ? "" : "s"}`,
            () => perSecond(calibration, login, script, clients),
            (rate) => `${Math.round(rate)} a second`,
          ),
        );
      const writes = await peakOf("writes", writeScript);
      await client.query("CHECKPOINT").catch(() => undefined);
      const reads = await peakOf("reads", readScript);
      return { writesPerCore: perCore(writes, cores), readsPerCore: perCore(reads, cores) };
    } finally {
      await removeTables(client);
    }
  } finally {
    await client.end();
  }
}

function perCore({ perSecond }: Peak, cores: number): number {
  return Math.max(1, Math.floor(perSecond / cores));
}

/** Two at once would drop each other's tables, and measure each other. The lock goes with the connection. */
async function claim(client: Client): Promise<void> {
  const { rows } = await client.query<{ free: boolean }>("SELECT pg_try_advisory_lock(hashtext($1)) AS free", [
    calibrationSchema,
  ]);
  if (!rows[0]?.free) {
    throw new Problems([
      { what: "Another `tenantry bench --calibrate` runs on this database", fix: "wait for its end, then run again" },
    ]);
  }
}

async function removeTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = $1",
    [calibrationSchema],
  );
  if (!rows[0]) return;
  if (rows[0].comment !== calibrationComment) {
    throw new Problems([
      {
        what: `There is a schema \`${calibrationSchema}\` that no calibration made`,
        fix: "rename it: rates are measured in a schema of this name",
      },
    ]);
  }
  // tenantry:allow drop-database Rows of made-up tenants, in a schema that carries the comment of these runs
  await client.query(`DROP SCHEMA ${calibrationSchema} CASCADE`);
}

async function makeTables(client: Client, { user }: Login): Promise<void> {
  try {
    await client.query("SET lock_timeout = 0");
    for (const statement of calibrationTables(user)) await client.query(statement);
  } catch (error) {
    await removeTables(client);
    if (errorCode(error) !== sqlState.insufficientPrivilege) throw error;
    throw new Problems([
      {
        what: "The login may not make the schema and tables in which rates are measured",
        got: (error as Error).message,
        expected: "the login of `tenantry:endpoints`, as `tenantry up` uses it",
        fix: "GRANT CREATE ON DATABASE to it",
      },
    ]);
  }
}

/** Committed transactions a second, as pgbench counts them; the password and the authority travel in the environment. */
async function perSecond(
  { postgres, bin, seconds }: Calibration,
  login: Login,
  script: string,
  clients: number,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-calibrate-"));
  try {
    const file = join(folder, "script.sql");
    writeFileSync(file, script);
    const authority = join(folder, "ca.crt");
    if (postgres.ca !== undefined) writeFileSync(authority, postgres.ca);
    const { host, port } = addressOf(postgres);
    const args = ["-n", "-f", file, "-c", String(clients), "-j", String(Math.min(clients, 8)), "-T", String(seconds)];
    const { code, stdout, stderr } = await run(join(bin, "pgbench"), [...args, "-M", "prepared"], {
      cwd: "/",
      env: {
        ...process.env,
        PGHOST: isIP(host) ? postgres.host : host,
        ...(isIP(host) && { PGHOSTADDR: host }),
        PGPORT: String(port),
        PGDATABASE: postgres.database,
        PGUSER: login.user,
        PGPASSWORD: login.password,
        PGSSLMODE: postgres.sslmode,
        ...(postgres.ca !== undefined && { PGSSLROOTCERT: authority }),
      },
    });
    if (code === 0) return parseRate(stdout);
    throw new Problems([
      {
        what: `pgbench ended with ${code}`,
        got: (stderr || stdout).trim().split("\n").slice(-3).join("; "),
        fix: `correct what it says; where the server has no more connections, \`--most-clients ${Math.max(1, clients / 2)}\``,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function noPgbench(bin: string) {
  return {
    what: "There is no pgbench on this machine, which measures the rates",
    got: bin,
    expected: "PostgreSQL's own programs in one folder",
    fix: "install `postgresql-contrib` (or your system's name for it), or point TENANTRY_PG_BIN at a folder that has it",
  };
}
