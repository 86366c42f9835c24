import type * as ts from "typescript";
import type { Code } from "./code";
import { type Effect, effectsOf } from "./site";
import { typescript } from "./typescript";

/** A stretch of code that runs as one: a function, with the callbacks that run inside of it, or a file's own statements. */
export type Unit = ts.SignatureDeclaration | ts.SourceFile | ts.Statement;

/** A call in a unit: what it does by itself, and the local functions that it calls or hands on. */
export interface Site {
  readonly node: ts.Node;
  readonly effects: readonly Effect[];
  readonly calls: readonly ts.SignatureDeclaration[];
}

/** Calls whose callbacks run by themselves, later and perhaps often: events, timers, routes, tests. */
const deferring = new Set(
  (
    "on once addListener addEventListener subscribe consume run setInterval setTimeout setImmediate nextTick schedule " +
    "queueMicrotask get post put patch delete use route listen action test it describe before after beforeEach afterEach"
  ).split(" "),
);

/** Reads code once, and remembers what it found. */
export class Units {
  private readonly known = new Map<Unit, readonly Site[]>();

  constructor(readonly code: Code) {}

  /** Every function and every file. */
  all(): readonly Unit[] {
    return this.code.files.flatMap(({ tree }) => [tree, ...functionsIn(tree)]);
  }

  /** The calls of a unit; those of functions that it only defines, or hands to somebody who calls them later, are not. */
  sites(unit: Unit): readonly Site[] {
    const known = this.known.get(unit);
    if (known) return known;
    const sites: Site[] = [];
    const t = typescript();
    const visit = (node: ts.Node): void => {
      if (t.isFunctionLike(node) && !runsInside(node)) return;
      if (t.isCallExpression(node) || t.isNewExpression(node) || t.isTaggedTemplateExpression(node)) {
        const [effects, calls] = [effectsOf(this.code, node), this.calledBy(node)];
        if (effects.length > 0 || calls.length > 0) sites.push({ node, effects, calls });
      }
      t.forEachChild(node, visit);
    };
    t.forEachChild(unit, visit);
    this.known.set(unit, sites);
    return sites;
  }

  /** The functions of this code that an expression names or is. */
  functionsOf(expression: ts.Node): ts.SignatureDeclaration[] {
    const t = typescript();
    if (t.isFunctionLike(expression)) return [expression];
    const name = t.isPropertyAccessExpression(expression) ? expression.name : expression;
    if (!t.isIdentifier(name) && !t.isPrivateIdentifier(name)) return [];
    const { checker } = this.code;
    const symbol = checker.getSymbolAtLocation(name);
    const target = symbol && symbol.flags & t.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (target?.declarations ?? []).flatMap((declaration) => {
      if (t.isFunctionLike(declaration)) return (declaration as ts.FunctionLikeDeclaration).body ? [declaration] : [];
      if (t.isClassLike(declaration)) return declaration.members.filter(t.isConstructorDeclaration);
      const { initializer } = declaration as ts.VariableDeclaration;
      return initializer && t.isFunctionLike(initializer) ? [initializer] : [];
    });
  }

  private calledBy(
    node: ts.CallExpression | ts.NewExpression | ts.TaggedTemplateExpression,
  ): ts.SignatureDeclaration[] {
    if (typescript().isTaggedTemplateExpression(node)) return this.functionsOf(node.tag);
    const handedOn = isDeferring(node) ? [] : (node.arguments ?? []).filter(typescript().isIdentifier);
    return [node.expression, ...handedOn].flatMap((each) => this.functionsOf(each));
  }
}

/** The last name in what a call calls: `setInterval`, `consumer.run`. */
export function calledName({ expression }: ts.CallExpression | ts.NewExpression): string {
  const t = typescript();
  return t.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

function functionsIn(node: ts.Node): ts.SignatureDeclaration[] {
  const t = typescript();
  const found: ts.SignatureDeclaration[] = [];
  const visit = (each: ts.Node): void => {
    if (t.isFunctionLike(each) && !runsInside(each)) found.push(each);
    t.forEachChild(each, visit);
  };
  t.forEachChild(node, visit);
  return found;
}

/** Whether a function is written where it is called: as an argument of something that calls it, or called at once. */
function runsInside(node: ts.SignatureDeclaration): boolean {
  const t = typescript();
  const { parent } = node;
  if (t.isParenthesizedExpression(parent)) return t.isCallExpression(parent.parent);
  return (
    t.isCallExpression(parent) && parent.arguments.includes(node as ts.Node as ts.Expression) && !isDeferring(parent)
  );
}

function isDeferring(node: ts.CallExpression | ts.NewExpression): boolean {
  return deferring.has(calledName(node));
}

export function isWithin(inner: ts.Node, outer: ts.Node): boolean {
  return inner.getSourceFile() === outer.getSourceFile() && inner.pos >= outer.pos && inner.end <= outer.end;
}
