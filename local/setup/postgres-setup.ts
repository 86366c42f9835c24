import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Problems } from "../../common/problem";
import { cacheDirectory } from "../../common/system/cache";
import { withLock } from "../../common/system/lock";
import { run } from "../../common/system/run";
import { postgresMajors } from "../../common/system/versions";
import { findPostgres, type PostgresPrograms } from "../servers/postgres-programs";
import type { SetupStep } from "./setup-step";

export const postgresStep: SetupStep = {
  title: "PostgreSQL",
  async provide(note) {
    const before = await findPostgres();
    const ready = before.find(({ partman }) => partman);
    if (ready) return describe(ready);
    const apt = await aptCommand();
    if (!apt || process.env.TENANTRY_PG_BIN) throw missing(before, undefined);
    note(`PostgreSQL: ${before.length > 0 ? "pg_partman" : "PostgreSQL and pg_partman"} by apt …`);
    const lock = join(cacheDirectory(), "apt.lock");
    const output = await withLock(lock, "apt", () => install(apt, before), { waitMs: 600_000 });
    const found = (await findPostgres()).find(({ partman }) => partman);
    if (found) return `${describe(found)}, installed by apt`;
    throw missing(before, output);
  },
};

function describe({ version, citus }: PostgresPrograms): string {
  return `${version} with pg_partman${citus ? " and Citus" : ""}`;
}

/** The prefix that runs apt as root without a password prompt; undefined if that is impossible. */
async function aptCommand(): Promise<readonly string[] | undefined> {
  if ((await run("apt-get", ["--version"])).code !== 0) return undefined;
  if (process.getuid?.() === 0) return [];
  return (await run("sudo", ["-n", "true"])).code === 0 ? ["sudo", "-n"] : undefined;
}

/** Installs with apt. Returns apt's output if it failed. */
async function install(prefix: readonly string[], before: readonly PostgresPrograms[]): Promise<string | undefined> {
  const asRoot = (args: readonly string[]) => {
    const [command = "", ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", ...args];
    return run(command, rest);
  };
  // A killed apt leaves half-configured packages, and apt refuses to work until they are configured.
  await asRoot(["dpkg", "--configure", "-a"]);
  const update = await asRoot(["apt-get", "update", "-q", "-o", "Acquire::Retries=3"]);
  const majors = before.length > 0 ? before.map(({ major }) => major) : postgresMajors;
  for (const major of majors) {
    const packages = [`postgresql-${major}`, `postgresql-${major}-partman`];
    if ((await run("apt-cache", ["show", ...packages])).code !== 0) continue;
    const options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
    const { code, stdout, stderr } = await asRoot(["apt-get", "install", ...options, ...packages]);
    return code === 0 ? undefined : `${stdout}${stderr}`;
  }
  return `${update.stderr}\nno package postgresql-N-partman for N = ${majors.join(", ")}`;
}

function missing(found: readonly PostgresPrograms[], output: string | undefined): Problems {
  const [first] = found;
  const major = first?.major ?? 17;
  return new Problems([
    {
      what: first
        ? `pg_partman for PostgreSQL ${first.major} (${first.bin}) is missing`
        : "PostgreSQL 15, 16 or 17 with pg_partman is missing",
      ...(output && { got: output.trim().split("\n").slice(-4).join("\n            ") }),
      fix: `${howToInstall(major, readOsRelease())} If it is somewhere else, point TENANTRY_PG_BIN to its directory of programs.`,
    },
  ]);
}

/** The commands for this system, from the text of its `/etc/os-release`. */
export function howToInstall(major: number, osRelease: string): string {
  if (/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(osRelease)) {
    return `Install it as root: \`apt-get install postgresql-${major} postgresql-${major}-partman\`, with https://apt.postgresql.org if your release lacks that version.`;
  }
  if (/^ID(_LIKE)?=.*(fedora|rhel)/m.test(osRelease)) {
    return `Install it as root from https://yum.postgresql.org: \`dnf install postgresql${major}-server postgresql${major}-contrib pg_partman_${major}\`.`;
  }
  return `Install it: \`brew install postgresql@${major}\` or your package manager, and pg_partman from https://github.com/pgpartman/pg_partman (\`make install PG_CONFIG=…\`).`;
}

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}
