import type { Refuse } from "../architecture/application-loader";
import { descriptionSchema } from "../architecture/description";
import { withBuiltNames } from "../architecture/sql/built-text";
import { runningFile } from "../architecture/sql/running-statements";
import { runOptIn } from "../architecture/sql/sql-file";
import { type ParsedSql, parseSql } from "../architecture/sql/sql-parser";
import type { Problem } from "../common/problem";
import type { Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import { stackThatNeedsCitus } from "./citus/required";
import { contextOf, readTables } from "./file-context";
import { rules } from "./list";
import type { TableFacts } from "./rule";

/**
 * A function that refuses files which harm isolation, privileges or tenants' rows, unless the stack allows the file;
 * and files with constructs that Citus refuses, if a stack needs Citus. Load PostgreSQL's parser first. SQL that cannot
 * be read has problems of its own, and is skipped here.
 * @param allow the stack's opt-ins
 */
export function refusalsUnless(allow: readonly string[]): Refuse {
  const allowed = new Set(allow);
  return (application, yaml, sql, stacks) => {
    const described = parseYaml(yaml, { schema: descriptionSchema, noun: "The description" });
    if (Array.isArray(described)) return [];
    const description = described.value;
    const files = sql.map(parseSql).map(runningFile);
    const citus = description.citus === "required" || stackThatNeedsCitus(stacks, application) !== undefined;
    const tables = readTables(files, description.schema ?? application, description, { application, citus });
    return files
      .filter(({ source }) => !allowed.has(runOptIn(source.path)))
      .flatMap((file) => refusalsOf(file, tables));
  };
}

function refusalsOf(file: ParsedSql, tables: TableFacts): Problem[] {
  const context = contextOf(file, tables, { migration: true });
  return rules
    .filter(({ refuses }) => refuses)
    .flatMap(({ check }) => check?.(file.statements, context) ?? [])
    .map(({ what, fix, at }) => ({ what: withBuiltNames(what), fix: `${fix}; ${wayOut(file.source)}`, at }))
    .toSorted((a, b) => (a.at.line ?? 0) - (b.at.line ?? 0));
}

function wayOut({ path }: Source): string {
  return `or, if it is meant or was applied long ago, add \`${runOptIn(path)}\` to tenantry:allow`;
}
