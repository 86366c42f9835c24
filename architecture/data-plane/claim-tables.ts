import type { Application } from "../application";
import type { DataPlaneSettings } from "./data-plane-settings";
import { hasOutbox } from "./outbox-table";
import type { Steps } from "./steps";
import { claimGrants } from "./table-grants";
import { declareToolkitTable } from "./toolkit-table";

/** Tables of the claim check, which `sql/base/085_claim_check.sql` creates. */
export const claimTables = ["claim", "tenant_key"] as const;

/** Their columns beside the tenant column, which must therefore have another name. */
export const claimColumns: readonly string[] = [
  ...["sha256", "event_id", "bytes", "created_at", "key_id", "wrapped", "master_key"],
];

/** True if payloads above the outbox's limit may go to a store. */
export function hasClaims(application: Application, { store }: DataPlaneSettings): boolean {
  return store !== undefined && hasOutbox(application);
}

/** Declares the tables of the claim check, co-located with the tenants' tables, where the stack has a store. */
export function declareClaims(steps: Steps, application: Application, settings: DataPlaneSettings): void {
  if (!hasClaims(application, settings)) return;
  for (const table of claimTables) declareToolkitTable(steps, application, table, claimGrants(application));
}
