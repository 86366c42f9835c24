import type { Application } from "../application";
import { eventsSchema } from "../application-names";
import type { DistributedTableInputs, Grants } from "./declaration";
import { declareIsolation } from "./isolation-declaration";
import type { Steps } from "./steps";

/** Declares the place and the isolation of a tenant table that the toolkit's own SQL creates. */
export function declareToolkitTable(steps: Steps, application: Application, table: string, grants: Grants): void {
  const { tenant, scope } = application;
  const schema = eventsSchema(application);
  const placement: DistributedTableInputs["placement"] =
    scope?.model === "schema" ? { withSchema: true } : { colocateWith: `${application.schema}.${tenant.table}` };
  const inputs = { schema, table, column: tenant.column, placement, foreignKeys: [] };
  const placed = steps.add("DistributedTable", `${schema}.${table}`, inputs);
  declareIsolation(steps, application, { schema, table, grants }, [placed]);
}
