import type { Application } from "../application";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { Privilege } from "./declaration";
import type { Steps } from "./steps";
import { coldRequestGrants } from "./table-grants";
import { declareToolkitTable } from "./toolkit-table";

/** The tables of the requests for cold rows, made by sql/base. */
export const coldRequest = { request: "cold_request", retrieval: "cold_retrieval" } as const;

/** Their columns beside the tenant column, which must therefore have another name. */
export const coldRequestColumns: readonly string[] = [
  ...["id", "table_name", "from_time", "until_time", "form", "asked_at", "event_id", "cancelled_at"],
  ...[
    "request_id",
    "state",
    "files",
    "files_done",
    "bytes",
    "bytes_done",
    "rows",
    "rows_done",
    "checksum",
    "relations",
  ],
  ...["reason", "taken_at", "changed_at", "expires_at"],
];

/** Names of the tables with a cold tier, whose old rows may be asked for. */
export function coldTables({ tables }: Pick<Application, "tables">): readonly string[] {
  return tables.filter((table) => table.kind === "tenant" && table.partition?.tiers).map(({ name }) => name);
}

/** Declares the requests for cold rows, co-located with the tenants' tables, where the stack has a store. */
export function declareColdRequests(steps: Steps, application: Application, { store }: DataPlaneSettings): void {
  if (!store || coldTables(application).length === 0) return;
  const tables = coldTables(application);
  const declare = (table: string, privileges: readonly Privilege[]) =>
    declareToolkitTable(steps, application, table, coldRequestGrants(application, tables, privileges));
  declare(coldRequest.request, ["SELECT", "INSERT", "UPDATE"]);
  declare(coldRequest.retrieval, ["SELECT"]);
}
