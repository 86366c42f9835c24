import type { Application } from "../application";
import { eventsSchema } from "../application-names";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { DistributedTableInputs, Grants } from "./declaration";
import { declareIsolation } from "./isolation-declaration";
import type { Steps } from "./steps";
import { coldRequestGrants } from "./table-grants";

/** The tables of the requests for cold rows, made by sql/base. */
export const coldRequest = { request: "cold_request", retrieval: "cold_retrieval" } as const;

/** Their columns beside the tenant column, which must therefore have another name. */
export const coldRequestColumns: readonly string[] = [
  ...["id", "table_name", "from_time", "until_time", "form", "asked_at", "event_id", "cancelled_at"],
  ...["request_id", "state", "files", "files_done", "bytes", "bytes_done", "rows_done", "checksum", "relations"],
  ...["reason", "taken_at", "changed_at", "expires_at"],
];

/** Names of the tables with a cold tier, whose old rows may be asked for. */
export function coldTables({ tables }: Pick<Application, "tables">): readonly string[] {
  return tables.filter((table) => table.kind === "tenant" && table.partition?.tiers).map(({ name }) => name);
}

/** Declares the requests for cold rows, co-located with the tenants' tables, where the stack has a store. */
export function declareColdRequests(steps: Steps, application: Application, { store }: DataPlaneSettings): void {
  if (!store || coldTables(application).length === 0) return;
  const { tenant, scope } = application;
  const schema = eventsSchema(application);
  const placement: DistributedTableInputs["placement"] =
    scope?.model === "schema" ? { withSchema: true } : { colocateWith: `${application.schema}.${tenant.table}` };
  const declare = (table: string, grants: Grants) => {
    const inputs = { schema, table, column: tenant.column, placement, foreignKeys: [] };
    const placed = steps.add("DistributedTable", `${schema}.${table}`, inputs);
    declareIsolation(steps, application, { schema, table, grants }, [placed]);
  };
  declare(coldRequest.request, coldRequestGrants(application, coldTables(application), ["SELECT", "INSERT", "UPDATE"]));
  declare(coldRequest.retrieval, coldRequestGrants(application, coldTables(application), ["SELECT"]));
}
