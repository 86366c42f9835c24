import type { ParsedStatement } from "../architecture/sql/sql-parser";
import { walk } from "../architecture/sql/tree";
import { forEachMigrating } from "./ddl";
import type { FileContext, Finding } from "./rule";

/** The harm that part of a statement does, and the fix. */
export interface Harm {
  readonly what: string;
  readonly fix: string;
}

/** Checks of parts of statements, by the node kind of PostgreSQL's parser. */
export type HarmChecks = Readonly<Record<string, (node: never, context: FileContext) => Harm | undefined>>;

/** The harms of the statements that a migration runs, each at its statement. */
export function findHarms(statements: readonly ParsedStatement[], context: FileContext, checks: HarmChecks): Finding[] {
  return forEachMigrating(statements, context, ({ node }, at) => {
    const harms: Harm[] = [];
    walk(node, (kind, each) => {
      const found = checks[kind]?.(each as never, context);
      if (found) harms.push(found);
    });
    return harms.map((harm) => ({ ...harm, at }));
  });
}
