import type * as ts from "typescript";
import { quoteIdentifier } from "../../common/identifier";
import { all, piece } from "./built-query";
import { calledName, returnedIn, symbolOf } from "./calls";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { type ConditionScope, columnOf, columnOfProperty } from "./column";
import { comparison, loose, operatorIn, operators } from "./comparison";
import { joined, textOf } from "./text";
import { typescript } from "./typescript";

/**
 * The condition in a method's arguments: `where("tenant_id", t)`, `where({ tenantId: t })`; undefined if it cannot be
 * read.
 */
export function conditionOf(
  scope: ConditionScope,
  method: string,
  args: readonly ts.Expression[],
): CodeText | undefined {
  const [first, second, third] = args;
  if (!first) return undefined;
  const text = textOf(scope.code, first);
  if (!text) return args.length === 1 || !columnOf(scope, first) ? ofExpression(scope, first) : ofColumn(scope, args);
  if (/Raw$/.test(method) || !/^[\w.$"]+$/.test(text.text)) return all([text], "AND", first);
  const column = columnOf(scope, first);
  if (!column || args.length === 1) return piece("TRUE", first);
  if (/Between$/.test(method)) return comparison(column, "BETWEEN", undefined, first);
  if (/Not|Null|Like/.test(method)) return piece("TRUE", first);
  if (/In$/.test(method)) return comparison(column, "= ANY", undefined, first);
  const isColumns = /(Ref|Column|^on|On)$/.test(method) || /^(and|or)?on$/i.test(method);
  const right = (node: ts.Expression | undefined) => (isColumns && node ? columnOf(scope, node) : undefined);
  if (!third) return comparison(column, "=", right(second), first);
  return comparison(column, operatorIn(scope.code, second), right(third), first);
}

function ofColumn(scope: ConditionScope, [first, second, third]: readonly ts.Expression[]): CodeText | undefined {
  const column = first && columnOf(scope, first);
  if (!column || !first) return undefined;
  return comparison(column, third ? operatorIn(scope.code, second) : "=", undefined, first);
}

/** The condition of an expression: an object, a call of an operator, SQL, or a function that builds a condition. */
export function ofExpression(scope: ConditionScope, node: ts.Expression): CodeText | undefined {
  const t = typescript();
  const { code } = scope;
  if (
    t.isParenthesizedExpression(node) ||
    t.isAsExpression(node) ||
    t.isNonNullExpression(node) ||
    t.isSatisfiesExpression(node)
  ) {
    return ofExpression(scope, node.expression);
  }
  if (t.isObjectLiteralExpression(node)) return ofObject(scope, node);
  if (t.isArrayLiteralExpression(node)) return together(scope, node.elements, "OR", node);
  if (t.isTaggedTemplateExpression(node)) return ofTemplate(scope, node.template);
  if (t.isArrowFunction(node) || t.isFunctionExpression(node)) return ofFunction(scope, node);
  if (t.isCallExpression(node)) return ofCall(scope, node);
  if (!t.isIdentifier(node)) return undefined;
  if (node.text === "undefined") return piece("TRUE", node);
  const text = textOf(code, node);
  if (text) return all([text], "AND", node);
  const initializer = constant(code, node);
  return initializer && ofExpression(scope, initializer);
}

function constant(code: Code, node: ts.Identifier): ts.Expression | undefined {
  const t = typescript();
  const declaration = symbolOf(code, node)?.valueDeclaration;
  if (!declaration || !t.isVariableDeclaration(declaration)) return undefined;
  if (!(t.getCombinedNodeFlags(declaration) & t.NodeFlags.Const)) return undefined;
  const { initializer } = declaration;
  // Later code may push to a list or set keys of an object.
  return initializer && (t.isCallExpression(initializer) || t.isObjectLiteralExpression(initializer))
    ? initializer
    : undefined;
}

function together(
  scope: ConditionScope,
  nodes: readonly ts.Expression[],
  operator: "AND" | "OR",
  node: ts.Node,
): CodeText | undefined {
  const parts = nodes.map((each) => ofExpression(scope, each));
  return parts.every((each) => each !== undefined) ? all(parts, operator, node) : undefined;
}

/**
 * The condition of an object: `{ tenantId: t, placedAt: { gte: day }, OR: […] }`. A spread is read if it is a constant.
 */
function ofObject(scope: ConditionScope, node: ts.ObjectLiteralExpression): CodeText | undefined {
  const t = typescript();
  const [main] = scope.tables;
  const parts = node.properties.map((property): CodeText | undefined => {
    if (t.isSpreadAssignment(property)) return ofExpression(scope, property.expression);
    const name =
      property.name
        ?.getText()
        .replace(/^\[|\]$/g, "")
        .replaceAll(/["'`]/g, "") ?? "";
    const value = t.isPropertyAssignment(property) ? property.initializer : undefined;
    const logical = name.replace(/^(Op\.|\$)/, "").toLowerCase();
    if (value && ["and", "or", "not"].includes(logical)) {
      if (logical === "not") return piece("TRUE", property);
      return t.isArrayLiteralExpression(value)
        ? together(scope, value.elements, logical === "or" ? "OR" : "AND", value)
        : ofExpression(scope, value);
    }
    if (!main || (property.name && t.isComputedPropertyName(property.name))) return undefined;
    const column = name.includes(".")
      ? piece(name.split(".").map(quoteIdentifier).join("."), property)
      : piece(quoteIdentifier(main.columnOf(name)), property);
    if (!value) return comparison(column, "=", undefined, property);
    if (t.isIdentifier(value) && value.text === "undefined") return piece("TRUE", property);
    if (t.isCallExpression(value)) {
      const operator = calledName(value);
      if (loose.has(operator)) return piece("TRUE", property);
      return comparison(column, operators[operator] ?? "=", undefined, property);
    }
    return t.isObjectLiteralExpression(value)
      ? ofField(scope, name, column, value)
      : comparison(column, "=", undefined, property);
  });
  return parts.every((each) => each !== undefined) ? all(parts, "AND", node) : undefined;
}

/**
 * The condition of one key: `placedAt: { gte: day }`, `tenantId_orderId: { tenantId, orderId }`, or a condition on a
 * relation.
 */
function ofField(
  scope: ConditionScope,
  name: string,
  column: CodeText,
  value: ts.ObjectLiteralExpression,
): CodeText | undefined {
  const keys = value.properties.map((each) => each.name?.getText().replace(/^\[?(Op\.|\$)?|\]$/g, "") ?? "...");
  if (keys.length > 1 && name === keys.join("_")) return ofObject(scope, value);
  if (keys.includes("...")) return undefined;
  const known = keys.filter((key) => Object.hasOwn(operators, key) || loose.has(key));
  if (known.length === keys.length) {
    const parts = keys.map((key) => comparison(column, operators[key], undefined, value));
    return all(parts, "AND", value);
  }
  // Either a relation by its row's key, `tenant: { id }`, or a unique key with a name of its own.
  const isRelation = scope.tables[0]?.relations?.has(name) || (/(_i|I)d"$/.test(column.text) && !/id$/i.test(name));
  return isRelation ? comparison(column, "=", undefined, value) : ofObject(scope, value);
}

/**
 * The condition of a call: `and(eq(orders.tenantId, t), …)` of Drizzle, `eb("tenant_id", "=", t)` and `eb.and([…])` of
 * Kysely.
 */
function ofCall(scope: ConditionScope, node: ts.CallExpression): CodeText | undefined {
  const t = typescript();
  const name = calledName(node);
  const [first, second] = node.arguments;
  if (name === "and" || name === "or") {
    const parts = first && t.isArrayLiteralExpression(first) ? first.elements : node.arguments;
    return together(scope, parts, name === "and" ? "AND" : "OR", node);
  }
  if (loose.has(name)) return piece("TRUE", node);
  if (Object.hasOwn(operators, name) && first) {
    const column = columnOf(scope, first);
    return column && comparison(column, operators[name], second && columnOfProperty(scope, second), node);
  }
  return first && textOf(scope.code, first) && node.arguments.length === 3
    ? conditionOf(scope, name, node.arguments)
    : undefined;
}

/** The condition of a template: `sql`${orders.tenantId} = ${t}``. Columns stay columns; everything else is a value. */
function ofTemplate(scope: ConditionScope, node: ts.TemplateLiteral): CodeText | undefined {
  const t = typescript();
  if (t.isNoSubstitutionTemplateLiteral(node)) return textOf(scope.code, node);
  const parts = node.templateSpans.map(({ expression, literal }) =>
    joined(columnOf(scope, expression) ?? piece("$1", expression), piece(literal.text, literal)),
  );
  return [piece(node.head.text, node.head), ...parts].reduce(joined);
}

/**
 * The condition of a function that receives a builder: `(qb) => qb.where(…).orWhere(…)`, `(orders, { eq }) =>
 * eq(orders.tenantId, t)`.
 */
function ofFunction(scope: ConditionScope, node: ts.ArrowFunction | ts.FunctionExpression): CodeText | undefined {
  const t = typescript();
  const { body } = node;
  const expressions = t.isBlock(body) ? bodyExpressions(body) : [body];
  const [only, ...others] = expressions;
  if (!only || others.length > 0) return undefined;
  const links = linksTo(only, node);
  if (!links) return ofExpression(scope, only);
  const parts = links.map(({ name, args }) => ({ name, text: conditionOf(scope, name, args) }));
  if (parts.some(({ text }) => text === undefined)) return undefined;
  const texts = (isOr: boolean) => parts.flatMap(({ name, text }) => (text && /^or/.test(name) === isOr ? [text] : []));
  const together = texts(false);
  return all([...(together.length > 0 ? [all(together, "AND", node)] : []), ...texts(true)], "OR", node);
}

function bodyExpressions(body: ts.Block): ts.Expression[] {
  const t = typescript();
  const stated = body.statements.flatMap((each) => (t.isExpressionStatement(each) ? [each.expression] : []));
  return stated.length > 0 ? stated : returnedIn(body);
}

/** The calls of a chain that starts at the function's own parameter, or at `this`. */
function linksTo(node: ts.Expression, owner: ts.ArrowFunction | ts.FunctionExpression) {
  const t = typescript();
  const parameter = owner.parameters[0]?.name.getText();
  const links: { readonly name: string; readonly args: readonly ts.Expression[] }[] = [];
  let each: ts.Expression = node;
  while (t.isCallExpression(each) && t.isPropertyAccessExpression(each.expression)) {
    links.unshift({ name: each.expression.name.text, args: [...each.arguments] });
    each = each.expression.expression;
  }
  const isOwn = each.kind === t.SyntaxKind.ThisKeyword || (t.isIdentifier(each) && each.text === parameter);
  return isOwn && links.every(({ name }) => /^((and|or)?where|(and|or)?on)/i.test(name)) ? links : undefined;
}
