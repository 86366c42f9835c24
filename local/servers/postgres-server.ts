import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Problems } from "../../common/problem";
import { readAs, removeAs, removeTree, writeAs } from "../../common/system/account-files";
import { commandLine, identify } from "../../common/system/process-id";
import { run } from "../../common/system/run";
import type { SystemUser } from "../../common/system/system-user";
import { postgresHealth } from "./health";
import { maintainedBy, renderHba, renderPostgresConfig } from "./postgres-config";
import type { PostgresPrograms } from "./postgres-programs";
import type { Server } from "./server";
import { serverTitles } from "./server-names";

/** The superuser of the embedded servers. */
export const admin = "postgres";

interface PostgresServer {
  /** `postgres` is the only server or the coordinator; the others are Citus' workers. */
  readonly name: "postgres" | "worker_1" | "worker_2";
  readonly port: number;
  readonly data: string;
  readonly database: string;
  readonly password: string;
  readonly citus: boolean;
  readonly programs: PostgresPrograms;
  readonly user: SystemUser | undefined;
}

/** One PostgreSQL server on loopback. */
export function postgresServer(own: PostgresServer): Server {
  return {
    name: own.name,
    title: serverTitles[own.name],
    port: own.port,
    ports: [own.port],
    portFlag: "--postgres-port",
    command: join(own.programs.bin, "postgres"),
    args: ["-D", own.data],
    cwd: "/",
    user: own.user,
    mark: own.data,
    startTimeoutMs: 120_000,
    prepare: async () => {
      if (!existsSync(own.data)) await initialise(own);
      await removeStaleLock(own);
      return configure(own);
    },
    health: () => postgresHealth(own.port, admin, own.password),
  };
}

/** Runs initdb in a private directory and renames the result, so that a kill leaves no incomplete data directory. */
async function initialise({ data, programs, user, password }: PostgresServer): Promise<void> {
  const parent = dirname(data);
  const prefix = `initdb-${basename(data)}-`; // Several nodes are created at the same time.
  mkdirSync(parent, { recursive: true });
  for (const left of readdirSync(parent).filter((name) => name.startsWith(prefix))) {
    await removeTree(join(parent, left));
  }
  const privateDirectory = join(parent, `${prefix}${randomBytes(4).toString("hex")}`);
  mkdirSync(privateDirectory, { mode: 0o700 });
  if (user) chownSync(privateDirectory, user.uid, user.gid);
  const passwordFile = join(privateDirectory, "password");
  await writeAs(user, passwordFile, password);
  const made = join(privateDirectory, "data");
  const finished = await run(
    join(programs.bin, "initdb"),
    ["-D", made, "-U", admin, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"],
    { user, cwd: "/" },
  );
  await removeAs(user, passwordFile);
  if (finished.code === 0) renameSync(made, data);
  await removeTree(privateDirectory);
  if (finished.code !== 0) throw initdbFailed(finished.stderr, data);
}

function initdbFailed(stderr: string, data: string): Problems {
  const full = /No space left/i.test(stderr);
  return new Problems([
    {
      what: `PostgreSQL's data directory ${data} could not be created`,
      got: stderr.trim().split("\n").slice(-3).join("\n            "),
      fix: full
        ? "Free some disk space, then run `tenantry local up` again."
        : `Make sure that ${dirname(data)} can be written, then run \`tenantry local up\` again.`,
    },
  ]);
}

async function configure(own: PostgresServer): Promise<boolean> {
  const described = await run(join(own.programs.bin, "postgres"), ["--describe-config"], {
    user: own.user,
    cwd: "/",
  });
  const config = renderPostgresConfig({
    port: own.port,
    database: own.database,
    others: maintainedBy(await readAs(own.user, join(own.data, "postgresql.conf"))),
    admin,
    citus: own.citus,
    statistics: own.programs.statistics,
    outputPluginLibraries: /^output_plugin_libraries\t/m.test(described.stdout),
  });
  let changed = false;
  for (const [name, text] of Object.entries({ "postgresql.conf": config, "pg_hba.conf": renderHba() })) {
    const path = join(own.data, name);
    if ((await readAs(own.user, path)) === text) continue;
    await writeAs(own.user, path, text);
    changed = true;
  }
  return changed;
}

/** Removes a stale lock file. PostgreSQL would not start if another process has the lock's process id by now. */
async function removeStaleLock({ data, user }: PostgresServer): Promise<void> {
  const path = join(data, "postmaster.pid");
  const pid = Number(((await readAs(user, path)) ?? "").split("\n")[0]);
  if (!pid) return;
  if (!identify(pid) || !commandLine(pid).includes(data)) await removeAs(user, path);
}
