import type * as ts from "typescript";
import { withBuiltNames } from "../architecture/sql/built-text";
import { byVersion } from "../architecture/sql/migration-layout";
import type { ParsedSql } from "../architecture/sql/sql-parser";
import type { Source } from "../common/source";
import { readCodeAllows } from "./allow-in-code";
import { type CodeScript, scriptsOf } from "./code-scripts";
import { createdBy } from "./ddl";
import { type Linted, named, unreadable, withoutAllowed } from "./linted";
import { databaseOfPackage, postgresql } from "./other-databases";
import type { Rule, TableFacts } from "./rule";
import { type Code, type CodeSetting, readCode, syntaxProblems } from "./typescript/code";
import { clientOf, embeddedSql } from "./typescript/embedded-sql";
import { Functions } from "./typescript/function";

/** The facts on tables that the application's files, and then these, define together. */
type FactsWith = (files: readonly ParsedSql[]) => TableFacts;

/** Findings in TypeScript, and in the SQL that it passes to database clients. */
export function lintCode(
  sources: readonly Source[],
  tables: TableFacts,
  factsWith: FactsWith,
  chosen: readonly Rule[],
  setting: Omit<CodeSetting, "tables"> = {},
): Linted[] {
  if (sources.length === 0) return [];
  const known = new Map([...tables.catalog.tables].map(([name, { columns }]) => [name, new Set(columns.keys())]));
  const code = readCode(sources, { ...setting, tables: known });
  const functions = new Functions(code);
  const inCode = chosen.flatMap((rule) => named(rule, rule.checkCode?.(functions) ?? []));
  const { otherDatabases } = setting;
  const judgedSql = (node: ts.Node) => {
    if (otherDatabases?.has(code.sourceOf(node).path)) return undefined;
    const sql = embeddedSql(code, node);
    return sql?.parsed && isForOtherDatabase(code, node) ? undefined : sql;
  };
  const files = code.files
    .toSorted((a, b) => byVersion(a.source.path, b.source.path))
    .map((file) => ({ file, problems: syntaxProblems(file) }))
    .map((each) => ({
      ...each,
      ...(each.problems.length === 0 && scriptsOf(functions, each.file, judgedSql)),
    }));
  const changing = files.flatMap(({ scripts = [] }) => scripts.filter(({ isDdl }) => isDdl));
  const changed = changing.length > 0 ? factsWith(changing.map(({ parsed }) => parsed)) : tables;
  return files.flatMap(({ file, problems, queries = [], scripts = [] }) => {
    if (problems.length > 0) return problems.flatMap((each) => unreadable(each, file.source));
    const inSql = scripts.flatMap((script) => inScript(script, script.isDdl ? changed : tables, chosen));
    const found = distinct([...inCode.filter(({ at }) => at.file === file.source.path), ...inSql]);
    return withoutAllowed(file.source, readCodeAllows(file, queries), found);
  });
}

/** True for a query that code passes to a client of another database than PostgreSQL. */
function isForOtherDatabase(code: Code, node: ts.Node): boolean {
  const { module } = clientOf(code, node) ?? {};
  const database = module === undefined ? undefined : databaseOfPackage(module);
  return database !== undefined && database !== postgresql;
}

function inScript({ parsed, transaction, inFile }: CodeScript, tables: TableFacts, chosen: readonly Rule[]): Linted[] {
  const { statements } = parsed;
  const context = { transaction, migration: false, created: createdBy(statements, tables), tables };
  const found = chosen.flatMap((rule) => (rule.aboutFiles ? [] : named(rule, rule.check?.(statements, context) ?? [])));
  return found.flatMap((finding) => {
    const at = inFile(finding.at);
    return at ? [{ ...finding, what: withBuiltNames(finding.what), at }] : [];
  });
}

/** Removes duplicates: code may pass the same constant to a client twice. */
function distinct(findings: readonly Linted[]): Linted[] {
  return [...new Map(findings.map((each) => [`${each.rule} ${each.at.line} ${each.at.column}`, each])).values()];
}
