import { join } from "node:path";
import { cacheDirectory } from "./cache";
import { versions } from "./versions";

/** Where `tenantry setup` puts DuckDB's extension postgres. An extension fits one version of DuckDB. */
export function postgresScanner(): string {
  return join(cacheDirectory(), `duckdb-${versions.duckdb}`, "postgres_scanner.duckdb_extension");
}
