import type { A_Expr, ColumnRef, JoinExpr, Node, RangeVar } from "libpg-query";
import type { CatalogIndex } from "../../architecture/catalog/catalog";
import { strings, typeOf } from "../../architecture/catalog/table-definition";
import { columnRef, conjuncts, sameText, uncast } from "../../architecture/sql/conditions";
import { relationName } from "../../architecture/sql/relation-name";
import { nodesOf } from "../../architecture/sql/tree";
import type { FileContext, Rule } from "../rule";
import { queriesOf } from "../sql-queries";
import { lookupMethods, typeInstead } from "./index-not-leakproof";

export const predicateNotLeakproof: Rule = {
  name: "predicate-not-leakproof",
  severity: "warning",
  harm: "Under row level security such a condition reads every row of the tenant, though an index has what it looks for.",
  check: (statements, context) =>
    queriesOf(statements).flatMap((query) => {
      // A migration runs as the owner of its tables, to whom no policy applies.
      if (query.where === "statement" && context.migration) return [];
      return levelsIn(query.node).flatMap((level) => {
        const tables = tablesOf(level, context);
        return conditionsOf(level).flatMap((condition) => {
          if (!("A_Expr" in condition)) return [];
          const harm = harmOf(condition.A_Expr, tables, context);
          return harm ? [{ ...harm, at: query.placeOf(condition.A_Expr.location) }] : [];
        });
      });
    }),
};

interface Level {
  readonly relation?: RangeVar;
  readonly fromClause?: readonly Node[];
  readonly usingClause?: readonly Node[];
  readonly whereClause?: Node;
}

function levelsIn(query: unknown): Level[] {
  return ["SelectStmt", "UpdateStmt", "DeleteStmt"].flatMap((kind) => nodesOf<Level>(query, kind));
}

/** The tenant tables of one query level, by alias; a subquery is a level of its own. */
function tablesOf(
  { relation, fromClause = [], usingClause = [] }: Level,
  { tables }: FileContext,
): Map<string, string> {
  const found = new Map<string, string>();
  const read = (node: Node | undefined): void => {
    if (node && "RangeVar" in node) {
      const { alias, relname = "" } = node.RangeVar;
      const name = relationName(node.RangeVar, tables.schema);
      if (tables.isTenantTable(name)) found.set(alias?.aliasname ?? relname, name);
    } else if (node && "JoinExpr" in node) {
      read(node.JoinExpr.larg);
      read(node.JoinExpr.rarg);
    }
  };
  for (const node of [...(relation ? [{ RangeVar: relation }] : []), ...fromClause, ...usingClause]) read(node);
  return found;
}

function conditionsOf({ whereClause, fromClause = [] }: Level): Node[] {
  const ofJoins = (node: Node | undefined): Node[] => {
    if (!node || !("JoinExpr" in node)) return [];
    const { larg, rarg, quals }: JoinExpr = node.JoinExpr;
    return [...ofJoins(larg), ...ofJoins(rarg), ...(quals ? conjuncts(quals) : [])];
  };
  return [...(whereClause ? conjuncts(whereClause) : []), ...fromClause.flatMap(ofJoins)];
}

function harmOf({ kind, name, lexpr, rexpr }: A_Expr, tables: ReadonlyMap<string, string>, context: FileContext) {
  const operator = strings(name).at(-1) ?? "";
  if (!lexpr || !rexpr || operator === "<>") return undefined;
  const sides = [
    [lexpr, rexpr],
    [rexpr, lexpr],
  ] as const;
  for (const [side, value] of sides) {
    const found = lookedUp(side, tables, context);
    if (!found) continue;
    const isPattern = kind === "AEXPR_LIKE" || kind === "AEXPR_ILIKE" || operator.startsWith("~");
    const why = whyNot(side, value, found, isPattern, context);
    if (!why) continue;
    return {
      what: `Roles under row level security can't use the index on \`${found.table}\` for this condition: ${why.what} is not leakproof, so they read all of a tenant's rows`,
      fix: `${why.fix}; or leave it, if no tenant has many rows`,
    };
  }
  return undefined;
}

interface LookedUp {
  readonly table: string;
  readonly type: string;
  readonly indexes: readonly Pick<CatalogIndex, "method">[];
}

/** The column that one side of a condition looks up, plain or in an expression, with the indexes on it. */
function lookedUp(
  side: Node,
  tables: ReadonlyMap<string, string>,
  { tables: facts }: FileContext,
): LookedUp | undefined {
  const [reference, ...others] = nodesOf<ColumnRef>([side], "ColumnRef");
  if (!reference || others.length > 0) return undefined;
  const { alias, column: name } = columnRef(reference);
  const candidates = alias === undefined ? [...tables.values()] : [tables.get(alias) ?? ""];
  const table = candidates.find((each) => facts.catalog.tables.get(each)?.columns.has(name));
  const column = table === undefined ? undefined : facts.catalog.tables.get(table)?.columns.get(name);
  if (table === undefined || !column || name === facts.tenantColumn) return undefined;
  const isColumn = "ColumnRef" in side;
  const text = sameText(side);
  const keys = (facts.catalog.tables.get(table)?.keys ?? []).filter(
    ({ columns }) => isColumn && columns.includes(name),
  );
  const indexes = [...facts.catalog.indexes.values()].filter(
    (index) => index.table === table && (isColumn ? index.columns.includes(name) : index.expressions.includes(text)),
  );
  return keys.length + indexes.length === 0 ? undefined : { table, type: column.type, indexes };
}

function whyNot(side: Node, value: Node, { type, indexes }: LookedUp, isPattern: boolean, { tables }: FileContext) {
  if (!("ColumnRef" in side)) {
    const calls = nodesOf([side], "FuncCall").length > 0;
    const fix = "Look up a column `GENERATED ALWAYS AS (…) STORED` of the same value, with an index of its own";
    return calls ? { what: "its function", fix } : undefined;
  }
  const instead = typeInstead(type, tables.catalog);
  if (instead !== undefined) return { what: `the operator of \`${type}\``, fix: `Use ${instead}` };
  if (isPattern) {
    const bySearch = indexes.some(({ method }) => lookupMethods.has(method));
    return bySearch
      ? { what: "the pattern's operator", fix: "Search by a beginning, with ^@ and text_pattern_ops" }
      : undefined;
  }
  const other = otherType(value);
  return type.startsWith("timestamp") && other !== undefined && other !== type
    ? { what: `\`${type}\` with \`${other}\``, fix: `Cast the value to \`${type}\`` }
    : undefined;
}

/** The type that a value is cast to. */
function otherType(value: Node): string | undefined {
  if ("TypeCast" in value) return typeOf(value.TypeCast.typeName);
  const inner = uncast(value);
  return inner && "SQLValueFunction" in inner && inner.SQLValueFunction.op === "SVFOP_CURRENT_DATE"
    ? "date"
    : undefined;
}
