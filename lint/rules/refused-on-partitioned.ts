import type { Node } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { nameOfParts, relationName } from "../../architecture/sql/relation-name";
import { alterations, forEachStatement } from "../ddl";
import type { Rule, TableFacts } from "../rule";

export const refusedOnPartitioned: Rule = {
  name: "refused-on-partitioned",
  severity: "error",
  harm: "PostgreSQL refuses the command on a partitioned table, although it accepts it on others: the migration fails.",
  refuses: true,
  check: (statements, context) => {
    const { tables } = context;
    const altered = alterations(statements, { ...context, created: new Map() }).flatMap(({ table, command, at }) => {
      const { subtype, def } = command;
      if (subtype !== "AT_AddConstraint" || !def || !("Constraint" in def) || !isPartitioned(table, tables)) return [];
      const { contype, indexname, skip_validation } = def.Constraint;
      if (indexname) {
        return [{ what: refused("UNIQUE and PRIMARY KEY USING INDEX", table), fix: uniqueOnPartitioned, at }];
      }
      if (contype !== "CONSTR_FOREIGN" || !skip_validation) return [];
      return [{ what: refused("FOREIGN KEY … NOT VALID", table), fix: foreignKeyOnPartitioned, at }];
    });
    const indexes = forEachStatement(statements, ({ node }, at) =>
      refusedIndexes(node, tables).map((each) => ({ ...each, at })),
    );
    return [...altered, ...indexes];
  },
};

/** Advice for partitioned tables; `test/integration/rule-advice.test.ts` tries it. */
export const uniqueOnPartitioned =
  "Write CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS in a file without a transaction, which `up` builds partition by partition: the index holds the key by itself";
export const foreignKeyOnPartitioned =
  "In a DO block, add it to each partition with NOT VALID; VALIDATE each in the next file; in the file after that, add it to the table, which takes over theirs and reads no row";
export const dropIndexOnPartitioned =
  "Write DROP INDEX IF EXISTS in a file of its own: its lock lasts an instant, and lock_timeout bounds the wait for it";

export function isPartitioned(table: string, { catalog, partitionColumn }: TableFacts): boolean {
  return catalog.tables.get(table)?.partitioning !== undefined || partitionColumn(table) !== undefined;
}

function refused(what: string, table: string): string {
  return `PostgreSQL refuses ${what} on \`${table}\`, which is partitioned`;
}

function refusedIndexes(node: Node, tables: TableFacts): { readonly what: string; readonly fix: string }[] {
  if ("IndexStmt" in node) {
    const { relation, concurrent } = node.IndexStmt;
    const table = relationName(relation, tables.schema);
    if (!concurrent || relation?.inh || !isPartitioned(table, tables)) return [];
    const fix = "Leave ONLY out: `up` builds the index partition by partition";
    return [{ what: refused("CREATE INDEX CONCURRENTLY ON ONLY", table), fix }];
  }
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_INDEX" || !node.DropStmt.concurrent) return [];
  const indexed = (node.DropStmt.objects ?? []).flatMap((each) =>
    "List" in each
      ? (tables.catalog.indexes.get(nameOfParts(strings(each.List.items), tables.schema))?.table ?? [])
      : [],
  );
  return indexed
    .filter((table) => isPartitioned(table, tables))
    .map((table) => ({ what: refused("DROP INDEX CONCURRENTLY", table), fix: dropIndexOnPartitioned }));
}
