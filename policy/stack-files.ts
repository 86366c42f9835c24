import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isSql } from "../architecture/sql/sql-file";
import { loadSqlParser } from "../architecture/sql/sql-parser";
import type { Source } from "../common/source";
import { readSourceFile } from "../common/source-file";
import { projectRoot } from "../common/system/project";
import { type LintInput, lint } from "../lint/lint";
import {
  type LintConfiguration,
  lintConfigurationName,
  noLintConfiguration,
  parseLintConfiguration,
} from "../lint/lint-configuration";
import type { Linted } from "../lint/linted";
import { readStack } from "../lint/stack-facts";
import type { StackOfResources } from "../lint/stack-resources";

// Only this file of policy/ reads files: those of the project whose stack it checks.

/** @throws Problems if the configuration cannot be read */
export function lintConfiguration(): LintConfiguration {
  return existsSync(join(projectRoot, lintConfigurationName))
    ? parseLintConfiguration(read(lintConfigurationName))
    : noLintConfiguration;
}

/** The facts about the stack for the rules on resources. */
export function stackOfResources(stack: string): StackOfResources {
  const facts = factsOf(stack);
  const consistency = facts?.get("workload", "consistency") ?? facts?.get("consistency");
  if (consistency === "bounded" || consistency === "eventual") return { stack, consistency };
  // If the plan sets the delivery, the rules expect no more of connectors.
  return { stack, consistency: facts?.get("plan", "delivery") === "at-least-once" ? "bounded" : "strong" };
}

/** The findings of lint in the stack's settings, and in its application's description and SQL. */
export async function lintStackFiles(stack: string): Promise<Linted[]> {
  await loadSqlParser();
  const { rules, drops, isExcluded } = lintConfiguration();
  const isJudged = ({ path }: Source) => !isExcluded(path);
  const stacks = existsSync(join(projectRoot, pathOf(stack))) ? [read(pathOf(stack))].filter(isJudged) : [];
  const application = applicationOf(stack);
  const files = [...application.sql, ...(application.yaml ? [application.yaml] : []), ...stacks].filter(isJudged);
  return lint({ ...application, stacks, drops, wanted: new Set(files.map(({ path }) => path)) }, rules);
}

function applicationOf(stack: string): LintInput {
  const name = String(factsOf(stack)?.get("application") ?? "");
  const folder = `sql/${name}`;
  if (name === "" || !existsSync(join(projectRoot, folder, "architecture.yaml"))) return { name, sql: [] };
  const sql = readdirSync(join(projectRoot, folder)).filter(isSql);
  return {
    name,
    yaml: read(`${folder}/architecture.yaml`),
    sql: sql.toSorted().map((file) => read(`${folder}/${file}`)),
  };
}

function factsOf(stack: string) {
  if (!existsSync(join(projectRoot, pathOf(stack)))) return undefined;
  const facts = readStack(read(pathOf(stack)), []);
  return Array.isArray(facts) ? undefined : facts;
}

function pathOf(stack: string): string {
  return `stacks/Pulumi.${stack}.yaml`;
}

function read(path: string): Source {
  return readSourceFile(join(projectRoot, path), path);
}
