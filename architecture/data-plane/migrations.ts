import { hashOf } from "../../common/source";
import type { Application } from "../application";
import type { SqlFile } from "../sql/sql-file";
import type { MigrationInputs } from "./declaration";
import { schemaMigration } from "./schema-migration";
import type { Steps } from "./steps";

/** Declares the toolkit's own SQL and the application's schema. */
export function declareSchema(steps: Steps, application: Application, base: readonly SqlFile[]): void {
  const { scope } = application;
  const declareBase = () => {
    for (const file of base) declareMigration(steps, application, file, "tenantry", "onChange");
  };
  // A tenant's own functions lie in its schema, so they come after it.
  const ofTenant = scope?.model === "schema" && scope.tenant;
  if (!ofTenant) declareBase();
  steps.addStep("Migration", `${application.name}/schema`, forTenant(application, schemaMigration(application)));
  if (ofTenant) declareBase();
}

/** Declares one of the application's own files. */
export function declareFile(steps: Steps, application: Application, file: SqlFile): void {
  const tables = Object.fromEntries(application.tables.map(({ name, kind }) => [name, kind]));
  declareMigration(steps, application, file, application.schema, "once", { tables });
}

function declareMigration(
  steps: Steps,
  application: Application,
  { path, hash, statements, transaction }: SqlFile,
  schema: string,
  apply: MigrationInputs["apply"],
  more: Pick<MigrationInputs, "tables"> = {},
): void {
  const name = path.replace(/^sql\//, "").replace(/\.sql$/, "");
  steps.addStep(
    "Migration",
    name,
    forTenant(application, { path, hash, statements, transaction, schema, apply, ...more }),
  );
}

/**
 * Adapts the inputs to one tenant. The ledger identifies a migration by path and hash, so both contain the tenant's
 * name.
 */
function forTenant({ scope }: Application, inputs: MigrationInputs): MigrationInputs {
  if (scope?.model !== "schema" || !scope.tenant) return inputs;
  const { name } = scope.tenant;
  const hash = hashOf(`${name} ${inputs.hash}`);
  return { ...inputs, path: `${inputs.path}@${name}`, hash, sharedSchema: scope.sharedSchema };
}
