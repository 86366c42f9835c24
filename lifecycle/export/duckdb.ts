import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { addressOf, type PostgresEndpoint } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { postgresScanner } from "../../common/system/duckdb-extension";

/** Name of the attached database. */
const source = "source";
/** A run's memory, however many rows it moves. What needs more goes to its folder. */
const memoryLimit = "256MB";

/** DuckDB in this process. Its errors never hold a password. */
export class DuckDb {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly folder: string,
    private readonly secrets: string[] = [],
  ) {}

  /** @param folder for its temporary files; the caller removes it */
  static async open(folder: string): Promise<DuckDb> {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: memoryLimit,
      temp_directory: join(folder, "duckdb"),
      threads: "2",
    });
    const duckdb = new DuckDb(instance, await instance.connect(), folder);
    await duckdb.run("SET TimeZone = 'UTC'");
    return duckdb;
  }

  async run(sql: string): Promise<void> {
    await this.guarded(() => this.connection.run(sql));
  }

  /** Numbers above 2^53 are texts. */
  async query<Row extends object>(sql: string): Promise<readonly Row[]> {
    const reader = await this.guarded(() => this.connection.runAndReadAll(sql));
    return reader.getRowObjectsJson() as unknown as readonly Row[];
  }

  /** Connects to PostgreSQL for reading. `fromPostgres` then reads through this connection. */
  async attach(endpoint: PostgresEndpoint): Promise<void> {
    await loadScanner(this);
    this.secrets.push(endpoint.password);
    const { host, port } = addressOf(endpoint);
    const login = {
      HOST: host,
      PORT: String(port),
      USER: endpoint.user,
      PASSWORD: endpoint.password,
      DATABASE: endpoint.database,
    };
    const settings = Object.entries(login).map(([key, value]) => `${key} ${literal(value)}`);
    await this.run(`CREATE SECRET ${source} (TYPE postgres, ${settings.join(", ")})`);
    const tls = await this.tlsSettings(endpoint);
    await this.run(`ATTACH ${literal(tls)} AS ${source} (TYPE postgres, SECRET ${source}, READ_ONLY)`);
  }

  private async tlsSettings({ host, sslmode, ca, ...endpoint }: PostgresEndpoint): Promise<string> {
    const address = addressOf({ host, ...endpoint });
    const settings: Record<string, string> = { sslmode, connect_timeout: "10", application_name: "tenantry lifecycle" };
    // The certificate is checked for the server's own name, whatever address leads there.
    if (address.host !== host && sslmode === "verify-full") {
      settings.host = host;
      settings.hostaddr = address.host;
    }
    if (sslmode === "verify-full") {
      settings.sslrootcert = "system";
      if (ca !== undefined) {
        settings.sslrootcert = join(this.folder, "ca.pem");
        await writeFile(settings.sslrootcert, ca);
      }
    }
    return Object.entries(settings)
      .map(([key, value]) => `${key}='${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`)
      .join(" ");
  }

  /** Statement that PostgreSQL runs, as a table of DuckDB. */
  fromPostgres(sql: string): string {
    return `postgres_query(${literal(source)}, ${literal(sql)})`;
  }

  /** Runs a statement in PostgreSQL, in the transaction that is open there. */
  async runInPostgres(sql: string): Promise<void> {
    await this.run(`CALL postgres_execute(${literal(source)}, ${literal(sql)})`);
  }

  async inTransaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run("BEGIN");
    try {
      const result = await work();
      await this.run("COMMIT");
      return result;
    } catch (error) {
      await this.run("ROLLBACK").catch(() => {});
      throw error;
    }
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      throw new Error(this.secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), told));
    }
  }
}

/** A literal of DuckDB, which takes a backslash as it is. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Loads the extension that reads PostgreSQL: as installed by a user, by `tenantry setup`, or from DuckDB's server. */
async function loadScanner(duckdb: DuckDb): Promise<void> {
  const file = postgresScanner();
  const failures: string[] = [];
  for (const statements of [
    ["LOAD postgres"],
    ...(existsSync(file) ? [[`LOAD ${literal(file)}`]] : []),
    ["INSTALL postgres", "LOAD postgres"],
  ]) {
    try {
      for (const statement of statements) await duckdb.run(statement);
      return;
    } catch (error) {
      failures.push((error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "");
    }
  }
  throw new Problems([
    {
      what: "DuckDB's extension postgres, which reads the rows, can't be loaded",
      got: failures.at(-1) ?? "",
      expected: `the extension in DuckDB's own folder, or ${file}`,
      fix: "Run `tenantry setup`, which fetches it, or `INSTALL postgres` in the same version of DuckDB",
    },
  ]);
}
