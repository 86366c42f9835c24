import type { Application } from "../application";
import type { TenantIsolationInputs } from "./declaration";
import type { Steps } from "./steps";

/** Declares the isolation of a tenant table, and the roles' privileges on it. */
export function declareIsolation(
  steps: Steps,
  { tenant: { column, type }, scope }: Application,
  { schema, table, grants }: Pick<TenantIsolationInputs, "schema" | "table" | "grants">,
  after: readonly string[],
): void {
  const onlyTenant = scope?.tenant && { onlyTenant: scope.tenant.id };
  steps.add("TenantIsolation", `${schema}.${table}`, { schema, table, column, type, ...onlyTenant, grants }, after);
}
