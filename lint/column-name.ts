import type { Node, ResTarget } from "libpg-query";
import { strings, typeOf } from "../architecture/catalog/table-definition";

/** The name that PostgreSQL gives a column of a result; undefined for `*`, which stands for several. */
export function resultName({ name, val }: ResTarget): string | undefined {
  if (name !== undefined) return name;
  if (val && "ColumnRef" in val && val.ColumnRef.fields?.some((each) => "A_Star" in each)) return undefined;
  return (val && ownName(val)) ?? "?column?";
}

/** The name of an expression without AS, by FigureColname in PostgreSQL's parse_target.c. */
function ownName(node: Node): string | undefined {
  if ("ColumnRef" in node) return strings(node.ColumnRef.fields).at(-1);
  if ("FuncCall" in node) return strings(node.FuncCall.funcname).at(-1);
  if ("A_Indirection" in node) {
    return (
      strings(node.A_Indirection.indirection).at(-1) ?? (node.A_Indirection.arg && ownName(node.A_Indirection.arg))
    );
  }
  if ("TypeCast" in node) {
    return (node.TypeCast.arg && ownName(node.TypeCast.arg)) ?? typeOf(node.TypeCast.typeName).replace("[]", "");
  }
  if ("CollateClause" in node) return node.CollateClause.arg && ownName(node.CollateClause.arg);
  if ("A_Expr" in node) return node.A_Expr.kind === "AEXPR_NULLIF" ? "nullif" : undefined;
  if ("CaseExpr" in node) return (node.CaseExpr.defresult && ownName(node.CaseExpr.defresult)) ?? "case";
  if ("CoalesceExpr" in node) return "coalesce";
  if ("MinMaxExpr" in node) return node.MinMaxExpr.op === "IS_LEAST" ? "least" : "greatest";
  if ("A_ArrayExpr" in node) return "array";
  if ("RowExpr" in node) return "row";
  if ("SQLValueFunction" in node) return node.SQLValueFunction.op?.replace(/^SVFOP_|_N$/g, "").toLowerCase();
  if ("SubLink" in node) {
    const { subLinkType, subselect } = node.SubLink;
    if (subLinkType === "EXISTS_SUBLINK") return "exists";
    if (subLinkType === "ARRAY_SUBLINK") return "array";
    const [first] = subselect && "SelectStmt" in subselect ? (subselect.SelectStmt.targetList ?? []) : [];
    return first && "ResTarget" in first ? resultName(first.ResTarget) : undefined;
  }
  return undefined;
}
