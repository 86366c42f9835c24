import type * as ts from "typescript";
import type { Code } from "./code";
import { typescript } from "./typescript";

export type Call = ts.CallExpression | ts.NewExpression;

/** The last name of a call's target: `setInterval`; `run` of `consumer.run`. */
export function calledName({ expression }: Call): string {
  const t = typescript();
  return t.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

/** The names in a chain of calls, last first: `execute` and `transaction` of `db.transaction().execute(…)`. */
export function chainNames(call: Call): string[] {
  const t = typescript();
  const names: string[] = [];
  for (let node: ts.Expression = call; ; ) {
    if (t.isCallExpression(node)) node = node.expression;
    else if (t.isPropertyAccessExpression(node)) {
      names.push(node.name.text);
      node = node.expression;
    } else return t.isIdentifier(node) ? [...names, node.text] : names;
  }
}

/** A call that runs a function, or that receives it as an argument. */
export interface Use {
  readonly call: Call;
  readonly argument: boolean;
}

const uses = new WeakMap<Code, ReadonlyMap<string, readonly (Use & { readonly name: ts.Node })[]>>();

/** The calls of a function, and the calls that receive it as an argument, by name or inline. */
export function usesOf(code: Code, owner: ts.SignatureDeclaration): Use[] {
  const t = typescript();
  const { parent } = owner;
  if (t.isCallExpression(parent) || t.isNewExpression(parent)) return [{ call: parent, argument: true }];
  const name = owner.name ?? (t.isVariableDeclaration(parent) ? parent.name : undefined);
  const symbol = name && code.checker.getSymbolAtLocation(name);
  if (!name || !symbol) return [];
  const named = allUses(code).get(name.getText()) ?? [];
  return named.filter((use) => symbolOf(code, use.name) === symbol);
}

/** The symbol of a name, resolved through imports. */
export function symbolOf({ checker }: Code, name: ts.Node): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(name);
  return symbol && symbol.flags & typescript().SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function allUses(code: Code) {
  const known = uses.get(code);
  if (known) return known;
  const t = typescript();
  const found = new Map<string, (Use & { readonly name: ts.Node })[]>();
  const add = (node: ts.Expression, use: Use) => {
    const name = t.isPropertyAccessExpression(node) ? node.name : node;
    if (!t.isIdentifier(name)) return;
    const same = found.get(name.text);
    if (same) same.push({ ...use, name });
    else found.set(name.text, [{ ...use, name }]);
  };
  const visit = (node: ts.Node): void => {
    if (t.isCallExpression(node) || t.isNewExpression(node)) {
      add(node.expression, { call: node, argument: false });
      for (const each of node.arguments ?? []) add(each, { call: node, argument: true });
    }
    t.forEachChild(node, visit);
  };
  for (const { tree } of code.files) visit(tree);
  uses.set(code, found);
  return found;
}

/** The values that a body returns, without those of nested functions. */
export function returnedIn(body: ts.Node): ts.Expression[] {
  const t = typescript();
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isFunctionLike(node)) return;
    if (t.isReturnStatement(node) && node.expression) found.push(node.expression);
    t.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

interface Assignment {
  /** The last name of the assigned expression: `producer` of `this.producer`. */
  readonly name: ts.Node;
  readonly value: ts.Expression;
}

const assignments = new WeakMap<ts.SourceFile, readonly Assignment[]>();

/** Assignments to a variable or a property with a name. */
export function assignedIn(file: ts.SourceFile, name: string): Assignment[] {
  const all = assignments.get(file) ?? readAssignments(file);
  assignments.set(file, all);
  return all.filter((each) => each.name.getText() === name);
}

function readAssignments(file: ts.SourceFile): Assignment[] {
  const t = typescript();
  const found: Assignment[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isBinaryExpression(node) && node.operatorToken.kind === t.SyntaxKind.EqualsToken) {
      const { left, right: value } = node;
      if (t.isIdentifier(left)) found.push({ name: left, value });
      if (t.isPropertyAccessExpression(left)) found.push({ name: left.name, value });
    }
    t.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
