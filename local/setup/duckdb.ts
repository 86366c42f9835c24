import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Problems } from "../../common/problem";
import { installDirectory } from "../../common/system/cache";
import { postgresScanner } from "../../common/system/duckdb-extension";
import { run } from "../../common/system/run";
import { versions } from "../../common/system/versions";
import type { SetupStep } from "./setup-step";

/** The wheel that carries the extension. DuckDB checks the extension's signature when it loads it. */
const wheel = { name: "duckdb-extension-postgres-scanner", folder: "duckdb_extension_postgres_scanner" };

/** Provides DuckDB's extension postgres: from DuckDB's own server, or from the Python package index. */
export const duckdbStep: SetupStep = {
  title: "DuckDB",
  async provide(note) {
    const file = postgresScanner();
    if (existsSync(file)) return versions.duckdb;
    if ((await failureOf("LOAD postgres")) === undefined) return `${versions.duckdb}, extension of this account`;
    const refused = await failureOf("INSTALL postgres; LOAD postgres");
    if (refused === undefined) return `${versions.duckdb}, extension installed`;
    note("DuckDB: its server does not answer, taking the extension from the Python package index …");
    await installDirectory(dirname(file), { fill: (folder) => fromWheel(folder, refused), flaw });
    return `${versions.duckdb}, extension from the Python package index`;
  },
};

async function flaw(folder: string): Promise<string | undefined> {
  const path = join(folder, basename(postgresScanner()));
  return failureOf(`LOAD '${path.replaceAll("'", "''")}'`);
}

async function failureOf(sql: string): Promise<string | undefined> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0];
  } finally {
    instance.closeSync();
  }
}

async function fromWheel(folder: string, refused: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "tenantry-duckdb-"));
  try {
    const python = async (...args: string[]) => {
      const { code, stdout, stderr } = await run("python3", ["-m", ...args], { cwd: work });
      if (code !== 0) throw unavailable(refused, (stderr || stdout).trim().split("\n").at(-1) ?? "");
    };
    await python(
      "pip",
      "download",
      "--quiet",
      "--no-deps",
      "--only-binary=:all:",
      "--dest",
      work,
      `${wheel.name}==${versions.duckdb}`,
    );
    const { stdout } = await run("sh", ["-c", "ls *.whl"], { cwd: work });
    await python("zipfile", "-e", stdout.trim(), work);
    const file = basename(postgresScanner());
    await copyFile(join(work, wheel.folder, "extensions", `v${versions.duckdb}`, file), join(folder, file));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function unavailable(duckdb: string, python: string): Problems {
  return new Problems([
    {
      what: "DuckDB's extension postgres, which reads old rows for the store, can't be fetched",
      got: `${duckdb}; with pip: ${python}`,
      fix: `Let this machine reach extensions.duckdb.org, or give it Python 3 with pip, or put the extension at ${postgresScanner()}`,
    },
  ]);
}
