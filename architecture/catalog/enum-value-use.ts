import type { AlterEnumStmt, RangeVar, TypeCast } from "libpg-query";
import type { Place, Problem } from "../../common/problem";
import { placeAt } from "../../common/source";
import { relationName } from "../sql/relation-name";
import type { ParsedStatement } from "../sql/sql-parser";
import { nodesOf, walk } from "../sql/tree";
import type { Catalog } from "./catalog";
import { strings, typeOf } from "./table-definition";

/** A problem at the statement that uses the value. */
interface EarlyUse extends Problem {
  readonly fix: string;
  readonly at: Place;
}

/** Reports uses of an enum value in the transaction that adds it to an existing type. */
export function usedTooEarly(
  statements: readonly ParsedStatement[],
  { catalog, schema }: { readonly catalog: Catalog; readonly schema: string },
): EarlyUse[] {
  const created = new Set(
    statements.flatMap(({ node }) =>
      "CreateEnumStmt" in node ? (strings(node.CreateEnumStmt.typeName).at(-1) ?? []) : [],
    ),
  );
  return statements.flatMap(({ node }, index) => {
    const added = "AlterEnumStmt" in node ? addedValue(node.AlterEnumStmt) : undefined;
    if (!added || created.has(added.type)) return [];
    const use = statements.slice(index + 1).find((each) => uses(each, added, catalog, schema));
    if (!use) return [];
    return [
      {
        what: `The value \`${added.value}\` of \`${added.type}\` is used in the transaction that adds it, which PostgreSQL refuses`,
        fix: "Move this statement into the next file",
        at: placeAt(use.source, use.start),
      },
    ];
  });
}

interface AddedValue {
  readonly type: string;
  readonly value: string;
}

function addedValue({ typeName, newVal, oldVal }: AlterEnumStmt): AddedValue | undefined {
  const type = strings(typeName).at(-1);
  return type === undefined || newVal === undefined || oldVal !== undefined ? undefined : { type, value: newVal };
}

/** True if the statement casts the text to the type, or has both the text and a table with a column of the type. */
function uses({ node }: ParsedStatement, { type, value }: AddedValue, { tables }: Catalog, schema: string): boolean {
  if ("AlterEnumStmt" in node) return false;
  const isValue = ({ sval }: { readonly sval?: { readonly sval?: string } }) => sval?.sval === value;
  if (!nodesOf<{ sval?: { sval?: string } }>(node, "A_Const").some(isValue)) return false;
  const casts = nodesOf<TypeCast>(node, "TypeCast");
  if (casts.some(({ arg, typeName }) => typeOf(typeName) === type && arg && "A_Const" in arg && isValue(arg.A_Const))) {
    return true;
  }
  return namedTables(node, schema).some((name) =>
    [...(tables.get(name)?.columns.values() ?? [])].some((column) => column.type.replace("[]", "") === type),
  );
}

/** The names of all tables in the tree. If the grammar allows only a relation, the tree omits the node's kind. */
function namedTables(node: unknown, schema: string): string[] {
  const names: string[] = [];
  walk(node, (_, { relation, relname }: { readonly relation?: RangeVar } & RangeVar) => {
    if (relation) names.push(relationName(relation, schema));
    if (relname !== undefined) names.push(relname);
  });
  return names;
}
