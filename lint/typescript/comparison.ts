import type * as ts from "typescript";
import { piece } from "./built-query";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { joined, textOf } from "./text";

/**
 * Operators by the names of libraries: functions of Drizzle, keys of Prisma, Sequelize and MikroORM, values of TypeORM.
 */
export const operators: Readonly<Record<string, string>> = {
  eq: "=",
  equals: "=",
  Equal: "=",
  "=": "=",
  is: "=",
  in: "= ANY",
  inArray: "= ANY",
  In: "= ANY",
  any: "= ANY",
  gt: ">",
  MoreThan: ">",
  ">": ">",
  gte: ">=",
  MoreThanOrEqual: ">=",
  ">=": ">=",
  lt: "<",
  LessThan: "<",
  "<": "<",
  lte: "<=",
  LessThanOrEqual: "<=",
  "<=": "<=",
  between: "BETWEEN",
  Between: "BETWEEN",
};
/** Operators that compare a column but do not restrict it to a value or a range. */
export const loose = new Set(
  (
    "ne neq not notIn notInArray nin contains startsWith endsWith search mode has hasSome hasEvery isEmpty like ilike iLike " +
    "notLike notIlike notILike isNull isNotNull exists notExists notBetween isNot arrayContains arrayContained arrayOverlaps " +
    "Not IsNull Like ILike Raw ArrayContains ArrayOverlap regexp iRegexp substring re path overlap contained"
  ).split(" "),
);

export function operatorIn(code: Code, node: ts.Expression | undefined): string | undefined {
  const text = node && textOf(code, node)?.text.trim().toLowerCase();
  return text === undefined ? undefined : operators[text];
}

/**
 * A comparison of a column with an outside value or with another column; TRUE for an operator that does not restrict.
 */
export function comparison(
  column: CodeText,
  operator: string | undefined,
  other: CodeText | undefined,
  node: ts.Node,
): CodeText {
  if (operator === undefined) return piece("TRUE", node);
  const say = (text: string) => piece(text, node);
  if (operator === "= ANY") return joined(column, say(" = ANY($1)"));
  if (operator === "BETWEEN") return joined(column, say(" BETWEEN $1 AND $1"));
  return [column, say(` ${operator} `), other ?? say("$1")].reduce(joined);
}
