import type * as ts from "typescript";
import { symbolOf } from "./calls";
import type { Code } from "./code";
import { columnOfField, tableOfModel } from "./table-names";
import { textOf } from "./text";
import { typescript } from "./typescript";

/** A table that a query builder names. */
export interface Table {
  /** Name, with its schema if the code gives one. */
  readonly name: string;
  readonly alias: string;
  /** The column behind a field of the model. */
  columnOf(field: string): string;
  /** The fields that are relations, if a schema declares them. */
  readonly relations?: ReadonlySet<string>;
}

/** The table that an argument names: a text such as `orders as o`, or a table or model that the code declares. */
export function tableOf(code: Code, node: ts.Expression): Table | undefined {
  const t = typescript();
  const text = textOf(code, node);
  if (text) return text.holes.length > 0 ? undefined : ofText(code, text.text);
  if (t.isObjectLiteralExpression(node)) {
    // { o: "orders" }
    const [only, ...others] = node.properties;
    if (!only || others.length > 0 || !t.isPropertyAssignment(only)) return undefined;
    const table = tableOf(code, only.initializer);
    return table && { ...table, alias: only.name.getText() };
  }
  if (t.isCallExpression(node) && node.arguments[0]) {
    // alias(orders, "o") of Drizzle
    const [first, second] = node.arguments;
    const alias = second && textOf(code, second);
    const table = alias && tableOf(code, first);
    return table && { ...table, alias: alias.text };
  }
  const name = t.isPropertyAccessExpression(node) ? node.name : node;
  if (!t.isIdentifier(name)) return undefined;
  const declaration = symbolOf(code, name)?.declarations?.[0];
  if (declaration) return ofDeclaration(code, declaration, name.text);
  // The import comes from a file that lint does not read: only its name is known.
  const imported = code.checker.getSymbolAtLocation(name)?.declarations?.find(t.isImportSpecifier);
  return imported && tableNamed(code, (imported.propertyName ?? imported.name).text);
}

/** The table of a client's property such as `prisma.orderItem`: by Prisma's schema, or by the name alone. */
export function tableOfProperty(code: Code, property: ts.MemberName): Table {
  const model = code.prisma.modelOf(property.text, code.sourceOf(property).path);
  if (!model) return tableNamed(code, property.text);
  const { table, columns, relations } = model;
  const bare = table.split(".").at(-1) ?? table;
  return {
    name: table,
    alias: bare,
    relations,
    columnOf: (field) => columns.get(field) ?? columnOfField(code.tables, bare, field),
  };
}

/** The table of a model, by the model's name alone. */
function tableNamed(code: Code, model: string): Table {
  const name = tableOfModel(code.tables, model);
  return { name, alias: name, columnOf: (field) => columnOfField(code.tables, name, field) };
}

function ofText(code: Code, text: string): Table | undefined {
  const [, name, alias] = /^\s*([\w$."]+)(?:\s+(?:as\s+)?([\w$"]+))?\s*$/i.exec(text) ?? [];
  if (name === undefined) return undefined;
  const bare = name.replaceAll('"', "");
  const last = bare.split(".").at(-1) ?? "";
  return {
    name: bare,
    alias: (alias ?? last).replaceAll('"', ""),
    columnOf: (field) => columnOfField(code.tables, last, field),
  };
}

function ofDeclaration(code: Code, declaration: ts.Declaration, name: string): Table | undefined {
  const t = typescript();
  if (t.isClassLike(declaration)) {
    const written = namedIn(code, t.getDecorators(declaration) ?? []) ?? initialised(code, declaration);
    return model(code, written, declaration.name?.text ?? name, declaration.members);
  }
  if (!t.isVariableDeclaration(declaration) || !declaration.initializer) return undefined;
  const call = declaration.initializer;
  if (!t.isCallExpression(call)) return undefined;
  // pgTable("orders", { … }), sequelize.define("order", { … }, { tableName: "orders" })
  const [first, fields, options] = call.arguments;
  const text = first && textOf(code, first)?.text;
  if (text === undefined) return undefined;
  const listed = fields && t.isObjectLiteralExpression(fields) ? fields.properties : [];
  return model(code, options && optionOf(code, options, ["tableName"]), text, listed);
}

/** A model with the table that the code gives it, or with one derived from its name. */
function model(
  code: Code,
  written: string | undefined,
  name: string,
  fields: readonly (ts.ClassElement | ts.ObjectLiteralElementLike)[],
): Table {
  const table = written ?? tableOfModel(code.tables, name);
  const bare = table.split(".").at(-1) ?? table;
  return {
    name: table,
    alias: bare,
    columnOf(field) {
      const declared = fields.find((each) => each.name?.getText().replaceAll(/["']/g, "") === field);
      return (declared && columnIn(code, declared)) ?? columnOfField(code.tables, bare, field);
    },
  };
}

/**
 * The table name in a decorator: `@Entity("orders")`, `@Entity({ name: "orders" })`, `@Table({ tableName: "orders" })`.
 */
function namedIn(code: Code, decorators: readonly ts.Decorator[]): string | undefined {
  const t = typescript();
  return decorators.flatMap(({ expression }) => {
    const [first] = t.isCallExpression(expression) ? expression.arguments : [];
    if (!first) return [];
    const names = ["tableName", "name", "fieldName", "field"];
    return (t.isObjectLiteralExpression(first) ? optionOf(code, first, names) : textOf(code, first)?.text) ?? [];
  })[0];
}

/** The table name in Sequelize's `Order.init({ … }, { tableName: "orders" })`, outside the class. */
function initialised(code: Code, declaration: ts.ClassLikeDeclaration): string | undefined {
  const t = typescript();
  for (const statement of declaration.getSourceFile().statements) {
    if (!t.isExpressionStatement(statement) || !t.isCallExpression(statement.expression)) continue;
    const { expression, arguments: given } = statement.expression;
    if (expression.getText() !== `${declaration.name?.text}.init` || !given[1]) continue;
    return optionOf(code, given[1], ["tableName"]);
  }
  return undefined;
}

/**
 * The column name in a field's declaration: `uuid("tenant_id")`, `@Column({ name: "tenant_id" })`, `{ field:
 * "tenant_id" }`.
 */
function columnIn(code: Code, field: ts.ClassElement | ts.ObjectLiteralElementLike): string | undefined {
  const t = typescript();
  if (t.isPropertyDeclaration(field)) return namedIn(code, t.getDecorators(field) ?? []);
  if (!t.isPropertyAssignment(field)) return undefined;
  if (t.isObjectLiteralExpression(field.initializer)) return optionOf(code, field.initializer, ["field"]);
  let node: ts.Expression = field.initializer;
  while (t.isCallExpression(node) && t.isPropertyAccessExpression(node.expression)) node = node.expression.expression;
  return t.isCallExpression(node) && node.arguments[0] ? textOf(code, node.arguments[0])?.text : undefined;
}

function optionOf(code: Code, node: ts.Expression, names: readonly string[]): string | undefined {
  const t = typescript();
  if (!t.isObjectLiteralExpression(node)) return undefined;
  for (const property of node.properties) {
    if (!t.isPropertyAssignment(property) || !names.includes(property.name.getText())) continue;
    return textOf(code, property.initializer)?.text;
  }
  return undefined;
}

/**
 * The model of a repository or a class: `Repository<Order>`, `getRepository(Order)`, `class Orders extends
 * Repository<Order>`.
 */
export function modelOf(code: Code, receiver: ts.Expression): Table | undefined {
  const t = typescript();
  const open = new Set<ts.Node>();
  const ofType = (node: ts.Node | undefined): Table | undefined => {
    if (!node || (!t.isTypeReferenceNode(node) && !t.isExpressionWithTypeArguments(node))) return undefined;
    const [argument] = node.typeArguments ?? [];
    if (argument && t.isTypeReferenceNode(argument) && t.isIdentifier(argument.typeName)) {
      return tableOf(code, argument.typeName as ts.Node as ts.Expression) ?? tableNamed(code, argument.typeName.text);
    }
    const name = t.isTypeReferenceNode(node) ? node.typeName : node.expression;
    return symbolOf(code, name)?.declarations?.flatMap((each) => ofDeclared(each) ?? [])[0];
  };
  const ofDeclared = (node: ts.Node): Table | undefined => {
    if (open.has(node)) return undefined;
    open.add(node);
    if (t.isClassLike(node)) {
      return node.heritageClauses?.flatMap(({ types }) => ofType(types[0]) ?? [])[0];
    }
    const { type, initializer } = node as ts.VariableDeclaration;
    return ofType(type) ?? (initializer && ofExpression(initializer));
  };
  const ofExpression = (node: ts.Expression): Table | undefined => {
    if (node.kind === t.SyntaxKind.ThisKeyword) return ofDeclared(t.findAncestor(node, t.isClassLike) ?? node);
    if (t.isAwaitExpression(node) || t.isParenthesizedExpression(node)) return ofExpression(node.expression);
    if (t.isCallExpression(node)) {
      const [first] = node.arguments;
      return first && t.isIdentifier(first) ? tableOf(code, first) : undefined;
    }
    const name = t.isPropertyAccessExpression(node) ? node.name : node;
    if (!t.isIdentifier(name)) return undefined;
    const own = symbolOf(code, name)?.declarations ?? [];
    return own.flatMap((each) => ofDeclared(each) ?? [])[0] ?? tableOf(code, node);
  };
  return ofExpression(receiver);
}
