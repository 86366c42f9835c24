import { emptyCatalog } from "../architecture/catalog/catalog-edits";
import { claimTables } from "../architecture/data-plane/claim-tables";
import { type ParsedStatement, parseSql } from "../architecture/sql/sql-parser";
import { noPolicies } from "../lint/policies";
import type { Rule, Severity, TableFacts } from "../lint/rule";
import type { Outcome } from "./finding";
import type { Target } from "./target";

/** Facts about tables for the rules, from the stack's description. */
export function tableFacts({ application, declarations }: Pick<Target, "application" | "declarations">): TableFacts {
  // Rules name the toolkit's tables with their schema.
  const nameIn = (schema: string, table: string) => (schema === "tenantry" ? `tenantry.${table}` : table);
  const tenants = new Set(["outbox", "processed_events", ...claimTables].map((name) => `tenantry.${name}`));
  for (const { kind, name } of application.tables) if (kind === "tenant") tenants.add(name);
  const partitioned = new Map(
    declarations.flatMap(({ noun, inputs }) =>
      noun === "PartitionSet" ? [[nameIn(inputs.schema, inputs.table), inputs.by] as const] : [],
    ),
  );
  return {
    schema: application.schema,
    tenantColumn: application.tenant.column,
    citus: false,
    catalog: emptyCatalog,
    policies: noPolicies,
    roles: new Map(application.roles.map((role) => [role.user, role])),
    isTenantTable: (name) => tenants.has(name),
    isUndescribed: () => false,
    kindOf: (name) => (tenants.has(name) ? "tenant" : application.tables.find((table) => table.name === name)?.kind),
    partitionColumn: (name) => partitioned.get(name),
  };
}

/** Judges SQL by the rules. Returns undefined if PostgreSQL's parser, which must be loaded, can't read it. */
export function judgeSql(sql: string, rules: readonly Rule[], tables: TableFacts): readonly Judged[] | undefined {
  const parsed = parseSql({ path: "the database", text: sql });
  if (!parsed.isComplete) return undefined;
  const context = { transaction: true, migration: false, created: new Map<string, number>(), tables };
  return rules.flatMap((rule) =>
    (rule.check?.(parsed.statements, context) ?? []).map(({ what, fix }) => ({
      rule: rule.name,
      severity: rule.severity,
      what,
      fix,
    })),
  );
}

interface Judged {
  readonly rule: string;
  readonly severity: Severity;
  readonly what: string;
  readonly fix: string;
}

export const outcomeOf = (judged: readonly Judged[]): Outcome =>
  judged.some(({ severity }) => severity === "error") ? "fail" : "warn";

/** SQL on one line, without its values. Undefined if it can't be parsed. */
export function withoutValues(sql: string): string | undefined {
  const parsed = parseSql({ path: "the database", text: sql });
  return !parsed.isComplete ? undefined : parsed.statements.map(blanked).join("; ");
}

function blanked({ tokens }: ParsedStatement): string {
  const words = tokens.map(({ text }) => (/^([a-z&]*'|\$[^0-9]*\$)/i.test(text) ? "'…'" : text));
  const line = words
    .join(" ")
    .replaceAll(/ ?(::|\.|,|\)) ?/g, "$1")
    .replaceAll(/\( /g, "(")
    .replaceAll(/([,)])(?=\w)/g, "$1 ");
  return line.length > 240 ? `${line.slice(0, 240)} …` : line;
}
