import type { Node } from "libpg-query";
import { strings } from "../catalog/table-definition";
import { parseStatements } from "./pg-parser";

/** Placeholder in a built text for a name that only the server knows. */
export const anyName = "tenantry_any_name";

/** Rewrites a message that contains the placeholder of a built name. */
export function withBuiltNames(message: string): string {
  return message.replaceAll(`\`${anyName}\``, "what the block names").replaceAll(anyName, "…");
}

/**
 * The text that a SQL expression builds, as far as it can be determined, if it may be SQL: one that contains a blank.
 */
export function foldText(expression: string): string[] {
  let value: Node | undefined;
  try {
    const [statement] = parseStatements(`SELECT ${expression}`);
    const select = statement?.stmt as Node | undefined;
    const target = select && "SelectStmt" in select ? select.SelectStmt.targetList?.[0] : undefined;
    value = target && "ResTarget" in target ? target.ResTarget.val : undefined;
  } catch {
    return [];
  }
  const whole = value && fold(value);
  return whole === undefined || !/\s/.test(whole.trim()) ? [] : [whole];
}

function fold(node: Node): string {
  if ("A_Const" in node) return node.A_Const.sval?.sval ?? String(node.A_Const.ival?.ival ?? anyName);
  if ("TypeCast" in node && node.TypeCast.arg) return fold(node.TypeCast.arg);
  if ("A_Expr" in node) {
    const { name, lexpr, rexpr } = node.A_Expr;
    if (strings(name).at(-1) === "||" && lexpr && rexpr) return fold(lexpr) + fold(rexpr);
    return anyName;
  }
  if ("FuncCall" in node) return foldCall(strings(node.FuncCall.funcname).at(-1) ?? "", node.FuncCall.args ?? []);
  return anyName;
}

function foldCall(name: string, args: readonly Node[]): string {
  const [first, ...rest] = args.map(fold);
  switch (name) {
    case "format": {
      const left = [...rest];
      return (first ?? "").replace(/%(?:(\d+)\$)?-?\d*([sIL%])/g, (_, position: string | undefined, kind: string) => {
        if (kind === "%") return "%";
        const value = (position === undefined ? left.shift() : rest[Number(position) - 1]) ?? anyName;
        return kind === "L" ? `'${value.replaceAll("'", "''")}'` : value;
      });
    }
    case "concat":
      return [first ?? "", ...rest].join("");
    case "concat_ws":
      return rest.join(first);
    case "quote_literal":
      return `'${(first ?? "").replaceAll("'", "''")}'`;
    case "quote_ident":
    case "lower":
    case "upper":
    case "btrim":
      return first ?? anyName;
    case "replace":
      return (first ?? "").replaceAll(rest[0] ?? "", rest[1] ?? "");
    default:
      return anyName;
  }
}
