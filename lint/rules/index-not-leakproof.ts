import type { IndexElem, Node } from "libpg-query";
import type { Catalog } from "../../architecture/catalog/catalog";
import { strings, typeOf } from "../../architecture/catalog/table-definition";
import { relationName } from "../../architecture/sql/relation-name";
import { definedColumns, forEachStatement } from "../ddl";
import type { Finding, Rule } from "../rule";

/** Types whose `=` is not leakproof in PostgreSQL 15 to 17, with a replacement. Measured: see the rule's page. */
const types: Readonly<Record<string, string>> = {
  citext: "a text column beside it, `GENERATED ALWAYS AS (lower(email::text)) STORED`, in the index and in WHERE",
  numeric: "bigint in the smallest unit, such as cents",
  jsonb: "a column of its own for the value that is looked up",
  tsvector: "a search index outside of PostgreSQL, or a small number of rows a tenant",
};
const ofKind = {
  enum: "text with a CHECK, or an index for the one value that is asked for: WHERE status = 'open'",
  array: "a table of its own with one row an element",
  range: "two columns, for the start and the end",
};
/** Access methods whose operators are always on such types. */
export const lookupMethods: ReadonlySet<string> = new Set(["gin", "gist", "spgist", "brin_minmax_multi"]);

export const indexNotLeakproof: Rule = {
  name: "index-not-leakproof",
  severity: "warning",
  harm: "Under row level security a look-up by such a column reads every row of the tenant, though an index has it.",
  check: (statements, context) => {
    const columns = definedColumns(statements, context);
    const typeHere = (table: string, name: string) => {
      const own = columns.find((each) => each.table === table && each.column.colname === name)?.column.typeName;
      return own ? typeOf(own) : context.tables.catalog.tables.get(table)?.columns.get(name)?.type;
    };
    const judge = (table: string, name: string, at: Finding["at"]): Finding[] => {
      const type =
        context.tables.isTenantTable(table) && name !== context.tables.tenantColumn ? typeHere(table, name) : undefined;
      const instead = type === undefined ? undefined : typeInstead(type, context.tables.catalog);
      return instead === undefined ? [] : [finding(`\`${table}.${name}\``, `\`=\` of \`${type}\``, instead, at)];
    };
    return [
      ...columns.flatMap(({ table, column, at }) =>
        (column.constraints ?? []).some((each) => "Constraint" in each && isKey(each.Constraint.contype))
          ? judge(table, column.colname ?? "", at)
          : [],
      ),
      ...forEachStatement(statements, ({ node }, at) => {
        if ("IndexStmt" in node) {
          const { relation, indexParams = [], accessMethod = "btree", unique } = node.IndexStmt;
          const table = relationName(relation, context.tables.schema);
          if (!context.tables.isTenantTable(table)) return [];
          if (lookupMethods.has(accessMethod))
            return [
              finding(
                `\`${table}\` by ${accessMethod}`,
                "what it looks for",
                "an index by btree of a column that is compared as it is",
                at,
              ),
            ];
          return indexParams.flatMap((each) => {
            const element = "IndexElem" in each ? each.IndexElem : undefined;
            if (element?.name) return judge(table, element.name, at);
            // A unique index enforces a constraint, even if no query uses it.
            return element && !unique && callsFunction(element)
              ? [
                  finding(
                    `\`${table}\` by an expression`,
                    "its function",
                    "a column `GENERATED ALWAYS AS (…) STORED`, in the index and in WHERE",
                    at,
                  ),
                ]
              : [];
          });
        }
        return keysOf(node, context.tables.schema).flatMap(({ table, columns: key }) =>
          key.flatMap((name) => judge(table, name, at)),
        );
      }),
    ];
  },
};

function finding(what: string, why: string, instead: string, at: Finding["at"]): Finding {
  return {
    what: `Roles under row level security can't look up ${what} in this index: ${why} is not leakproof, so they read all of a tenant's rows`,
    fix: `Use ${instead}; or leave it, if no tenant has many rows`,
    at,
  };
}

/** The replacement for a type whose operators are not leakproof. */
export function typeInstead(type: string, { types: made }: Pick<Catalog, "types">): string | undefined {
  if (type.endsWith("[]")) return ofKind.array;
  if (Object.hasOwn(types, type)) return types[type];
  if (/range$/.test(type)) return ofKind.range;
  const kind = made.get(type);
  return kind === "enum" || kind === "range" ? ofKind[kind] : undefined;
}

const isKey = (type: string | undefined) => type === "CONSTR_UNIQUE" || type === "CONSTR_PRIMARY";

/** Keys over several columns in CREATE TABLE and ALTER TABLE. */
function keysOf(node: Node, schema: string): { readonly table: string; readonly columns: readonly string[] }[] {
  const keys = (table: string, elements: readonly Node[]) =>
    elements.flatMap((each) =>
      "Constraint" in each && isKey(each.Constraint.contype) && each.Constraint.keys
        ? [{ table, columns: strings(each.Constraint.keys) }]
        : [],
    );
  if ("CreateStmt" in node)
    return keys(relationName(node.CreateStmt.relation, schema), node.CreateStmt.tableElts ?? []);
  if (!("AlterTableStmt" in node)) return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  return keys(
    relationName(relation, schema),
    cmds.flatMap((each) => ("AlterTableCmd" in each && each.AlterTableCmd.def ? [each.AlterTableCmd.def] : [])),
  );
}

/** True if an index expression calls a function. A cast such as `email::text` does not. */
function callsFunction({ expr }: IndexElem): boolean {
  return expr !== undefined && JSON.stringify(expr).includes('"FuncCall"');
}
