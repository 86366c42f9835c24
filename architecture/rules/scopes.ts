import type { A_Expr, BoolExpr, ColumnRef, JoinExpr, Node, RangeVar } from "libpg-query";
import { relationName } from "../relation-name";
import { strings } from "../table-definition";
import type { Query } from "./queries";
import type { TableFacts } from "./rule";
import { nodesOf } from "./tree";

/** A table as one FROM, UPDATE or DELETE names it. */
export interface ScopeTable {
  readonly name: string;
  readonly alias: string;
  readonly location: number | undefined;
}

/** What one level of a query reads, and the conditions that all its rows meet. */
export interface Scope {
  readonly tables: readonly ScopeTable[];
  readonly conditions: readonly Node[];
  /** Pairs of aliases and the columns that USING or NATURAL compares. */
  readonly shared: readonly { readonly aliases: readonly string[]; readonly columns: readonly string[] | "all" }[];
}

/** Something outside of the tables asked about: a parameter, a constant, another query's column. */
const outside = "";

/** The levels of a query, each with what it reads by itself. */
export function scopesOf({ node }: Query, { schema }: Pick<TableFacts, "schema">): Scope[] {
  const withNames = new Set(nodesOf<{ ctename?: string }>(node, "CommonTableExpr").map(({ ctename }) => ctename));
  const isTable = ({ name }: ScopeTable) => !withNames.has(name);
  const levels = ["SelectStmt", "UpdateStmt", "DeleteStmt"].flatMap((kind) => nodesOf<Level>(node, kind));
  return levels
    .map((level) => toScope(level, schema))
    .map((scope) => ({ ...scope, tables: scope.tables.filter(isTable) }))
    .filter(({ tables }) => tables.length > 0);
}

/**
 * The tables grouped by what holds their columns together; the group of tables that a value from outside pins comes
 * first, and may be empty.
 */
export function groupsBy(
  scope: Scope,
  tables: readonly ScopeTable[],
  columnOf: (table: ScopeTable) => string | undefined,
  operators: readonly string[] = ["="],
): { readonly pinned: readonly ScopeTable[]; readonly loose: readonly (readonly ScopeTable[])[] } {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    const up = parent.get(name);
    return up === undefined || up === name ? name : find(up);
  };
  const unite = (a: string, b: string) => {
    parent.set(find(a), find(b));
  };
  const keyed = (node: Node | undefined): string | undefined => {
    if (!node || !("ColumnRef" in node)) return undefined;
    const { alias, column } = columnRef(node.ColumnRef);
    const candidates = tables.filter((table) => columnOf(table) === column);
    // Without an alias PostgreSQL takes it only where one table has it, or where USING made them one.
    if (alias === undefined) return candidates[0]?.alias;
    return candidates.find((table) => table.alias === alias)?.alias;
  };
  for (const { left, right, operator } of comparisons(scope.conditions)) {
    const [a, b] = [keyed(left), keyed(right)];
    if (!operators.includes(operator) || (a === undefined && b === undefined)) continue;
    unite(a ?? outside, b ?? outside);
  }
  for (const { aliases, columns } of scope.shared) {
    const held = tables.filter((table) => {
      const column = columnOf(table);
      return aliases.includes(table.alias) && column !== undefined && (columns === "all" || columns.includes(column));
    });
    const [first] = held;
    for (const table of held) if (first) unite(table.alias, first.alias);
  }
  const groups = new Map<string, ScopeTable[]>();
  for (const table of tables) {
    const group = find(table.alias);
    groups.set(group, [...(groups.get(group) ?? []), table]);
  }
  const pinned = groups.get(find(outside)) ?? [];
  return { pinned, loose: [...groups.values()].filter((group) => group !== pinned) };
}

/** The columns that a condition compares with a value: of `id = 5` and of `id IN (5, 6)`. */
export function pinnedColumns(condition: Node | undefined): Set<string> {
  const isValue = (node: Node | undefined) => node !== undefined && nodesOf([node], "ColumnRef").length === 0;
  return new Set(
    comparisons(condition ? conjuncts(condition) : []).flatMap(({ left, right, operator }) => {
      if (operator !== "=") return [];
      return [
        [left, right],
        [right, left],
      ].flatMap(([column, value]) =>
        column && "ColumnRef" in column && isValue(value) ? [columnRef(column.ColumnRef).column] : [],
      );
    }),
  );
}

interface Level {
  readonly relation?: RangeVar;
  readonly fromClause?: readonly Node[];
  readonly usingClause?: readonly Node[];
  readonly whereClause?: Node;
}

function toScope({ relation, fromClause = [], usingClause = [], whereClause }: Level, schema: string): Scope {
  const tables: ScopeTable[] = relation ? [toTable(relation, schema)] : [];
  const conditions: Node[] = whereClause ? [...conjuncts(whereClause)] : [];
  const shared: Scope["shared"][number][] = [];
  const read = (node: Node | undefined): string[] => {
    if (node && "RangeVar" in node) {
      const table = toTable(node.RangeVar, schema);
      tables.push(table);
      return [table.alias];
    }
    if (!node || !("JoinExpr" in node)) return [];
    const join: JoinExpr = node.JoinExpr;
    const aliases = [...read(join.larg), ...read(join.rarg)];
    if (join.quals) conditions.push(...conjuncts(join.quals));
    if (join.isNatural) shared.push({ aliases, columns: "all" });
    else if (join.usingClause) shared.push({ aliases, columns: strings(join.usingClause) });
    return aliases;
  };
  for (const node of [...fromClause, ...usingClause]) read(node);
  return { tables, conditions, shared };
}

function toTable(relation: RangeVar, schema: string): ScopeTable {
  const { relname = "", alias, location } = relation;
  return { name: relationName(relation, schema), alias: alias?.aliasname ?? relname, location };
}

function conjuncts(node: Node): Node[] {
  if (!("BoolExpr" in node)) return [node];
  const { boolop, args = [] }: BoolExpr = node.BoolExpr;
  if (boolop === "AND_EXPR") return args.flatMap(conjuncts);
  if (boolop !== "OR_EXPR") return [node];
  const [first = [], ...others] = args.map(conjuncts);
  return [
    node,
    ...first.filter((each) => others.every((alternative) => alternative.some((one) => isAlike(each, one)))),
  ];
}

/** Whether two conditions compare the same in the same way, be it with another parameter. */
function isAlike(a: Node, b: Node): boolean {
  const [left, right] = [a, b].map((node) => JSON.stringify(node).replaceAll(/"(location|number)":\d+/g, ""));
  return left === right;
}

/** Comparisons with their operator; rows compared as a whole are compared column by column. */
function comparisons(conditions: readonly Node[]) {
  return conditions.flatMap((node) => {
    if (!("A_Expr" in node)) return [];
    const { kind, name, lexpr, rexpr }: A_Expr = node.A_Expr;
    const operator = kind === "AEXPR_IN" || kind === "AEXPR_OP_ANY" ? "=" : (strings(name).at(-1) ?? "");
    if (lexpr && rexpr && "RowExpr" in lexpr && "RowExpr" in rexpr) {
      const rights = rexpr.RowExpr.args ?? [];
      return (lexpr.RowExpr.args ?? []).map((left, index) => ({ left, right: rights[index], operator }));
    }
    return [{ left: uncast(lexpr), right: uncast(rexpr), operator }];
  });
}

function uncast(node: Node | undefined): Node | undefined {
  return node && "TypeCast" in node ? uncast(node.TypeCast.arg) : node;
}

function columnRef({ fields }: ColumnRef): { readonly alias?: string; readonly column: string } {
  const names = strings(fields);
  const alias = names.at(-2);
  return { column: names.at(-1) ?? "", ...(alias !== undefined && { alias }) };
}
