import type * as ts from "typescript";
import { renderQuery } from "./built-query";
import { chainOf, isRun } from "./chain";
import { queryOfChain } from "./chain-query";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { queryOfModel } from "./model-query";
import { originOf } from "./origin";
import { typescript } from "./typescript";

/** The SQL of a query that a library builds. `isWhole` is true if all of it is known. */
interface BuiltSql {
  readonly text: CodeText;
  readonly isWhole: boolean;
}

/** The SQL of a chain of calls of a query builder or a mapper, given the chain's last call. */
export function builtSql(code: Code, node: ts.CallExpression): BuiltSql | undefined {
  const chain = chainOf(node);
  if (!chain) return undefined;
  const { root, links } = chain;
  const { buildingNames } = code.libraries;
  const isBuilt = links.some(({ name }) => buildingNames.has(name)) || typescript().isCallExpression(root);
  if (!isBuilt) return undefined;
  const origin = originOf(code, root);
  if (!origin) return undefined;
  for (const { chain: words, models } of code.libraries.of(origin.module)) {
    const asked = models && links.flatMap((link) => queryOfModel(code, link, models) ?? [])[0];
    const isBuilder = words?.callable || links.some(({ name }) => words?.from.includes(name));
    const found = (isBuilder ? undefined : asked) ?? (words && queryOfChain(code, chain, words)) ?? asked;
    if (found) return { text: renderQuery(found.query), isWhole: found.isWhole && isRun(chain, node) };
  }
  return undefined;
}
