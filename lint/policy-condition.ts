import type { A_Expr, ColumnRef, Node } from "libpg-query";
import { strings } from "../architecture/catalog/table-definition";
import { sameText, uncast } from "../architecture/sql/conditions";
import { nodesOf } from "../architecture/sql/tree";

/**
 * True if a condition holds for every row, given that `column` is never NULL: `true`, `1 = 1`, or either of them in an
 * OR.
 */
export function admitsEverything(node: Node, column: string): boolean {
  const value = constant(node);
  if (value !== undefined) return value === true;
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "OR_EXPR") return args.some((each) => admitsEverything(each, column));
    return args.every((each) => (boolop === "AND_EXPR" ? admitsEverything : admitsNothing)(each, column));
  }
  if ("NullTest" in node) {
    const { nulltesttype, arg } = node.NullTest;
    return nulltesttype === "IS_NOT_NULL" && columnsIn(arg).every((each) => each === column);
  }
  if ("BooleanTest" in node && node.BooleanTest.arg) {
    const { booltesttype, arg } = node.BooleanTest;
    const isOn = booltesttype === "IS_TRUE" || booltesttype === "IS_NOT_FALSE";
    return (isOn ? admitsEverything : admitsNothing)(arg, column) && !booltesttype?.endsWith("UNKNOWN");
  }
  if ("CaseExpr" in node)
    return resultsOf(node).every((each) => admitsEverything(each, column)) && node.CaseExpr.defresult !== undefined;
  if ("CoalesceExpr" in node)
    return (node.CoalesceExpr.args ?? []).slice(0, 1).some((each) => admitsEverything(each, column));
  if ("SubLink" in node) {
    const { subLinkType, subselect } = node.SubLink;
    const select = subselect && "SelectStmt" in subselect ? subselect.SelectStmt : undefined;
    if (!select || select.fromClause || select.whereClause) return false;
    if (subLinkType === "EXISTS_SUBLINK") return true;
    const [first] = select.targetList ?? [];
    const target = first && "ResTarget" in first ? first.ResTarget.val : undefined;
    return subLinkType === "EXPR_SUBLINK" && target !== undefined && admitsEverything(target, column);
  }
  return "A_Expr" in node && alwaysTrue(node.A_Expr);
}

/**
 * True if a condition admits only rows whose column is compared with a value from outside the row. A call of a function
 * with the column counts as such a comparison, because its body cannot be read here.
 */
export function holdsTo(column: string, node: Node): boolean {
  if (admitsEverything(node, column)) return false;
  if (admitsNothing(node, column)) return true;
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "OR_EXPR") return args.every((each) => holdsTo(column, each));
    if (boolop === "AND_EXPR") return args.some((each) => holdsTo(column, each));
    return args.every((each) => "A_Expr" in each && compares(column, each.A_Expr, "<>"));
  }
  if ("CaseExpr" in node) return resultsOf(node).every((each) => holdsTo(column, each));
  if ("CoalesceExpr" in node) return (node.CoalesceExpr.args ?? []).every((each) => holdsTo(column, each));
  if (!("A_Expr" in node)) return columnsIn(node).includes(column) && !("NullTest" in node);
  return compares(column, node.A_Expr, "=");
}

/** True if the comparison compares the column with a value that is not part of the row. */
function compares(column: string, { kind, name, lexpr, rexpr }: A_Expr, operator: "=" | "<>"): boolean {
  const [left, right] = [columnsIn(lexpr).includes(column), columnsIn(rexpr).includes(column)];
  if (left === right) return false;
  if (kind === "AEXPR_DISTINCT" || kind === "AEXPR_NOT_DISTINCT") {
    return (kind === "AEXPR_NOT_DISTINCT") === (operator === "=");
  }
  return strings(name).at(-1) === operator;
}

function columnsIn(expression: unknown): string[] {
  return nodesOf<ColumnRef>([expression], "ColumnRef").flatMap(({ fields }) => strings(fields).at(-1) ?? []);
}

function admitsNothing(node: Node, column: string): boolean {
  const value = constant(node);
  if (value !== undefined) return value !== true;
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "AND_EXPR") return args.some((each) => admitsNothing(each, column));
    return args.every((each) => (boolop === "OR_EXPR" ? admitsNothing : admitsEverything)(each, column));
  }
  return false;
}

function resultsOf(node: Extract<Node, { CaseExpr: unknown }>): Node[] {
  const { args = [], defresult } = node.CaseExpr;
  const results = args.flatMap((each) => ("CaseWhen" in each && each.CaseWhen.result ? [each.CaseWhen.result] : []));
  return defresult ? [...results, defresult] : results;
}

/** The value of a condition that is the same for every row; null is SQL's NULL. */
function constant(node: Node): boolean | null | undefined {
  if ("TypeCast" in node && node.TypeCast.arg && strings(node.TypeCast.typeName?.names).at(-1) === "bool") {
    const { arg } = node.TypeCast;
    const text = "A_Const" in arg ? (arg.A_Const.sval?.sval ?? arg.A_Const.ival?.ival) : undefined;
    if (text === undefined) return constant(arg);
    return /^(t|tr|tru|true|y|ye|yes|on|1)$/i.test(String(text));
  }
  if (!("A_Const" in node)) return undefined;
  if (node.A_Const.isnull) return null;
  // PostgreSQL's parse tree omits false.
  return node.A_Const.boolval ? (node.A_Const.boolval.boolval ?? false) : undefined;
}

/** True if both sides are the same, if the comparison of two constants is true, or if a pattern matches every text. */
function alwaysTrue({ kind, name, lexpr, rexpr }: A_Expr): boolean {
  const operator = strings(name).at(-1) ?? "";
  if (!lexpr || !rexpr) return false;
  const [left, right] = [sameText(lexpr), sameText(rexpr)];
  const same = left === right;
  if (kind === "AEXPR_NOT_DISTINCT") return same;
  if (kind === "AEXPR_LIKE" || kind === "AEXPR_ILIKE")
    return operator.startsWith("~") && /^[%]+$/.test(textOf(rexpr) ?? "");
  if (kind === "AEXPR_IN") {
    const items = "List" in rexpr ? (rexpr.List.items ?? []) : [];
    return operator === "=" && items.some((each) => sameText(each) === left);
  }
  if (kind !== "AEXPR_OP") return false;
  if (same) return ["=", "<=", ">=", "~", "~*", "@>", "<@", "&&"].includes(operator);
  const [a, b] = [scalar(lexpr), scalar(rexpr)];
  if (a === undefined || b === undefined) return false;
  switch (operator) {
    case "<>":
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "=":
      return a === b;
    default:
      return false;
  }
}

function scalar(node: Node): string | number | undefined {
  const inner = uncast(node) ?? node;
  if (!("A_Const" in inner) || inner.A_Const.isnull) return undefined;
  const { sval, ival, fval } = inner.A_Const;
  if (sval) return sval.sval ?? "";
  return ival ? (ival.ival ?? 0) : fval ? Number(fval.fval) : undefined;
}

function textOf(node: Node): string | undefined {
  const value = scalar(node);
  return typeof value === "string" ? value : undefined;
}
