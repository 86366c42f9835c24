import type * as ts from "typescript";
import type { Source } from "../common/source";
import { readCodeAllows } from "./allow-in-code";
import { createdBy } from "./ddl";
import { type Linted, named, unreadable, withoutAllowed } from "./linted";
import type { Rule, TableFacts } from "./rule";
import { type CodeFile, type CodeSetting, readCode, syntaxProblems } from "./typescript/code";
import { embeddedSql } from "./typescript/embedded-sql";
import { Functions } from "./typescript/function";
import { isRollback } from "./typescript/rollback";
import { typescript } from "./typescript/typescript";

/** Findings in TypeScript, and in the SQL that it passes to database clients. */
export function lintCode(
  sources: readonly Source[],
  tables: TableFacts,
  chosen: readonly Rule[],
  setting: Omit<CodeSetting, "tables"> = {},
): Linted[] {
  if (sources.length === 0) return [];
  const known = new Map([...tables.catalog.tables].map(([name, { columns }]) => [name, new Set(columns.keys())]));
  const code = readCode(sources, { ...setting, tables: known });
  const functions = new Functions(code);
  const inCode = chosen.flatMap((rule) => named(rule, rule.checkCode?.(functions) ?? []));
  return code.files.flatMap((file) => {
    const problems = syntaxProblems(file);
    if (problems.length > 0) return problems.flatMap((each) => unreadable(each, file.source));
    const queries = queriesIn(file, (node) => embeddedSql(code, node));
    const inSql = queries.flatMap((query) => {
      const { statements } = query.parsed;
      const context = { transaction: false, migration: false, created: createdBy(statements, tables), tables };
      const found = chosen.flatMap((rule) =>
        rule.aboutFiles ? [] : named(rule, rule.check?.(statements, context) ?? []),
      );
      return found.map((finding) => ({ ...finding, at: query.inFile(finding.at) }));
    });
    const found = distinct([...inCode.filter(({ at }) => at.file === file.source.path), ...inSql]);
    return withoutAllowed(file.source, readCodeAllows(file, queries), found);
  });
}

type Query = NonNullable<ReturnType<typeof embeddedSql>>;
type ReadQuery = Query & { readonly parsed: NonNullable<Query["parsed"]> };

function queriesIn({ tree }: CodeFile, read: (node: ts.Node) => Query | undefined): ReadQuery[] {
  const found: ReadQuery[] = [];
  const visit = (node: ts.Node): void => {
    if (isRollback(node)) return;
    const query = read(node);
    // Other code may add the missing condition to a query that lint can't read completely.
    if (query?.parsed && query.isWhole) found.push({ ...query, parsed: query.parsed });
    typescript().forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Removes duplicates: code may pass the same constant to a client twice. */
function distinct(findings: readonly Linted[]): Linted[] {
  return [...new Map(findings.map((each) => [`${each.rule} ${each.at.line} ${each.at.column}`, each])).values()];
}
