import type { Problem } from "../../common/problem";
import { listNames, suggest } from "../../common/suggestion";
import type { Application } from "../application";
import { expressionSql } from "../changes/expression";
import type { Phase } from "../changes/phase";
import type { SchemaChange } from "../changes/schema-change";
import type { SchemaChangeInputs } from "./declaration";
import type { Steps } from "./steps";

/** The stack's phases for which the application has no schema change. */
export function unknownChanges(
  { name, changes = [] }: Application,
  phases: Readonly<Record<string, Phase>> = {},
): readonly Problem[] {
  const names = changes.map((change) => change.name);
  return Object.keys(phases)
    .filter((change) => !names.includes(change))
    .map((change) => {
      const meant = suggest(change, names);
      return {
        what: `\`tenantry:changes\` names a schema change that ${name} does not have`,
        got: change,
        expected: listNames(names) || `a file in sql/${name}/changes`,
        fix: meant
          ? `Write \`${meant}\`, if that is what you mean`
          : `Write sql/${name}/changes/${change}.yaml, or remove the line`,
      };
    });
}

/** Declares a schema change in the phase that the stack has reached. Without a phase it has not begun. */
export function declareSchemaChange(
  steps: Steps,
  application: Application,
  change: SchemaChange,
  phase: Phase | undefined,
): void {
  const table = application.tables.find(({ name }) => name === change.table);
  if (!table || !phase) return;
  const { tenant, schema } = application;
  const inputs: SchemaChangeInputs = {
    change: change.name,
    path: change.source.path,
    schema: table.schema,
    table: table.name,
    phase,
    key: table.primaryKey,
    ...(table.kind === "tenant" && { tenant: { column: tenant.column, root: tenant.table, rootSchema: schema } }),
    add: change.add.map(({ name, type, from, notNull }) => ({
      name,
      type,
      notNull,
      value: expressionSql(from),
      valueOfNew: expressionSql(from, "NEW"),
    })),
    drop: change.drop.map(({ name, from }) => ({
      name,
      value: expressionSql(from),
      valueOfNew: expressionSql(from, "NEW"),
    })),
    soak: change.soak,
  };
  steps.addStep("SchemaChange", `${table.schema}.${change.name}`, inputs);
}
