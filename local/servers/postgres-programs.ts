import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Problems } from "../../common/problem";
import { run } from "../../common/system/run";
import { postgresMajors } from "../../common/system/versions";

/** An installation of PostgreSQL on this machine. */
export interface PostgresPrograms {
  readonly bin: string;
  readonly major: number;
  /** The full version that it reports: `15.13`. */
  readonly version: string;
  readonly partman: boolean;
  readonly citus: boolean;
  /** True if it has pg_stat_statements. */
  readonly statistics: boolean;
}

/** Directories that may hold PostgreSQL's programs, best guess first. TENANTRY_PG_BIN replaces all of them. */
function candidateDirectories(env: NodeJS.ProcessEnv = process.env): string[] {
  if (env.TENANTRY_PG_BIN) return [env.TENANTRY_PG_BIN];
  const versioned = postgresMajors.flatMap((major) => [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/home/linuxbrew/.linuxbrew/opt/postgresql@${major}/bin`,
  ]);
  const onPath = (env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  return [...new Set([...onPath, ...versioned])].filter((directory) => existsSync(join(directory, "initdb")));
}

/** All usable installations on this machine: first those with pg_partman, and of these first those with Citus. */
export async function findPostgres(env: NodeJS.ProcessEnv = process.env): Promise<readonly PostgresPrograms[]> {
  const found = await Promise.all(candidateDirectories(env).map(inspect));
  const usable = found.filter((programs) => programs !== undefined);
  const rank = ({ partman, citus }: PostgresPrograms) => (partman ? 2 : 0) + (citus ? 1 : 0);
  return usable
    .filter(({ major }) => postgresMajors.some((accepted) => accepted === major))
    .sort((a, b) => rank(b) - rank(a));
}

/** The PostgreSQL to run. `major` is the version of existing data. Throws Problems if none fits. */
export async function requirePostgres(major?: number): Promise<PostgresPrograms> {
  const found = await findPostgres();
  const usable = found.find((programs) => programs.partman && (major === undefined || programs.major === major));
  if (usable) return usable;
  throw new Problems([
    {
      what: `No PostgreSQL ${major ?? "15, 16 or 17"} with pg_partman was found`,
      got:
        found
          .map((programs) => `${programs.version} in ${programs.bin}${programs.partman ? "" : ", without pg_partman"}`)
          .join("; ") || "none",
      expected: "its programs on PATH, under /usr/lib/postgresql, or where TENANTRY_PG_BIN points",
      fix:
        major === undefined
          ? "Run `tenantry setup`: it installs what is missing, or says how to."
          : `Install PostgreSQL ${major} again, or delete the data of that version with \`tenantry local reset --yes\`.`,
    },
  ]);
}

async function inspect(bin: string): Promise<PostgresPrograms | undefined> {
  const { code, stdout } = await run(join(bin, "postgres"), ["--version"]);
  const version = /(\d+)(\.\d+)*/.exec(stdout)?.[0];
  if (code !== 0 || version === undefined) return undefined;
  const extensions = join(await shareDirectory(bin), "extension");
  return {
    bin,
    version,
    major: Number.parseInt(version, 10),
    partman: existsSync(join(extensions, "pg_partman.control")),
    citus: existsSync(join(extensions, "citus.control")),
    statistics: existsSync(join(extensions, "pg_stat_statements.control")),
  };
}

async function shareDirectory(bin: string): Promise<string> {
  const { code, stdout } = await run(join(bin, "pg_config"), ["--sharedir"]);
  if (code === 0) return stdout.trim();
  // On Debian pg_config is in a development package.
  const major = readdirVersion(bin);
  return major === undefined ? join(bin, "..", "share") : `/usr/share/postgresql/${major}`;
}

function readdirVersion(bin: string): string | undefined {
  const major = /^\/usr\/lib\/postgresql\/(\d+)\/bin$/.exec(bin)?.[1];
  return major !== undefined && readdirSync("/usr/share/postgresql").includes(major) ? major : undefined;
}
