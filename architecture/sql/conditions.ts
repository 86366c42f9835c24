import type { A_Expr, BoolExpr, ColumnRef, Node } from "libpg-query";
import { strings } from "../catalog/table-definition";
import { nodesOf } from "./tree";

/** Both sides of a comparison that every row meets. */
export interface Comparison {
  readonly left: Node | undefined;
  readonly right: Node | undefined;
  /** The operator: `=` also stands for IN and ANY, and `BETWEEN` for itself. */
  readonly operator: string;
}

/** The conditions of an AND, and the conditions that all sides of an OR share. */
export function conjuncts(node: Node): Node[] {
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

/** True if two conditions are the same except for the number of their parameter. */
function isAlike(a: Node, b: Node): boolean {
  const [left, right] = [a, b].map((node) => JSON.stringify(node).replaceAll(/"(location|number)":\d+/g, ""));
  return left === right;
}

/** Comparisons with their operator. A comparison of whole rows becomes one comparison for each column. */
export function comparisons(conditions: readonly Node[]): Comparison[] {
  return conditions.flatMap((node): Comparison[] => {
    if (!("A_Expr" in node)) return [];
    const { kind, name, lexpr, rexpr }: A_Expr = node.A_Expr;
    const operator = kind === "AEXPR_IN" || kind === "AEXPR_OP_ANY" ? "=" : (strings(name).at(-1) ?? "");
    if (lexpr && rexpr && "RowExpr" in lexpr && "RowExpr" in rexpr) {
      const rights = rexpr.RowExpr.args ?? [];
      return (lexpr.RowExpr.args ?? []).map((left, index) => ({ left, right: rights[index], operator }));
    }
    return [{ left: lexpr, right: rexpr, operator }];
  });
}

export function uncast(node: Node | undefined): Node | undefined {
  return node && "TypeCast" in node ? uncast(node.TypeCast.arg) : node;
}

/** An expression's text without casts, table names and positions, so that equal expressions have equal texts. */
export function sameText(node: Node): string {
  return JSON.stringify(uncast(node), (key, value: unknown) => {
    if (key === "location") return undefined;
    return key === "fields" && Array.isArray(value) ? (value as unknown[]).slice(-1) : value;
  });
}

export function columnRef({ fields }: ColumnRef): { readonly alias?: string; readonly column: string } {
  const names = strings(fields);
  const alias = names.at(-2);
  return { column: names.at(-1) ?? "", ...(alias !== undefined && { alias }) };
}

/** The columns that a condition compares with a value, as in `id = 5` and `id IN (5, 6)`. */
export function pinnedColumns(condition: Node | undefined): Set<string> {
  const isValue = (node: Node | undefined) => node !== undefined && nodesOf([node], "ColumnRef").length === 0;
  return new Set(
    comparisons(condition ? conjuncts(condition) : []).flatMap(({ left, right, operator }) => {
      if (operator !== "=") return [];
      const sides = [
        [left, right],
        [right, left],
      ] as const;
      return sides.flatMap(([side, value]) => {
        const column = uncast(side);
        return column && "ColumnRef" in column && isValue(value) ? [columnRef(column.ColumnRef).column] : [];
      });
    }),
  );
}
