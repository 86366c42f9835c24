import type * as ts from "typescript";
import { type Effect, effectsOf } from "./call-site";
import { type Call, calledName, symbolOf } from "./calls";
import type { Code } from "./code";
import { typescript } from "./typescript";

/**
 * Code that runs as one: a function with the callbacks that run inside it, a loop's body, or a file's own statements.
 */
export type CodeFunction = ts.SignatureDeclaration | ts.SourceFile | ts.Statement;

/** A call in a function: its own effects, and the local functions that it calls or passes on. */
export interface CallSite {
  readonly node: ts.Node;
  readonly effects: readonly Effect[];
  readonly calls: readonly ts.SignatureDeclaration[];
}

/** Methods that run their callback later, perhaps many times: events, timers, routes, tests. */
const deferring = new Set(
  (
    "on once addListener addEventListener subscribe consume process register handle define setInterval setTimeout " +
    "setImmediate nextTick schedule queueMicrotask get post put patch delete use route listen action test it describe " +
    "before after beforeEach afterEach"
  ).split(" "),
);
/** Methods of the language that run their callback at once, or as soon as a promise is settled, awaited or not. */
const running = new Set(
  "forEach map flatMap filter reduce some every find findIndex then catch finally Promise".split(" "),
);
/** Methods that only store their argument. */
const keeping = new Set("push unshift set add".split(" "));

/** The functions of the code and their call sites; each function is read once. */
export class Functions {
  private readonly known = new Map<CodeFunction, readonly CallSite[]>();

  constructor(readonly code: Code) {}

  /** Every function and every file. */
  all(): readonly CodeFunction[] {
    const t = typescript();
    const found: CodeFunction[] = [];
    const visit = (each: ts.Node): void => {
      if (t.isFunctionLike(each) && !this.runsInside(each)) found.push(each);
      t.forEachChild(each, visit);
    };
    for (const { tree } of this.code.files) {
      found.push(tree);
      t.forEachChild(tree, visit);
    }
    return found;
  }

  /** The calls in a function, without those in functions that it only defines or that run later. */
  callSites(fn: CodeFunction): readonly CallSite[] {
    const known = this.known.get(fn);
    if (known) return known;
    const callSites: CallSite[] = [];
    const t = typescript();
    const visit = (node: ts.Node): void => {
      if (t.isFunctionLike(node) && !this.runsInside(node)) return;
      if (t.isCallExpression(node) || t.isNewExpression(node) || t.isTaggedTemplateExpression(node)) {
        const [effects, calls] = [effectsOf(this.code, node), this.calledBy(node)];
        if (effects.length > 0 || calls.length > 0) callSites.push({ node, effects, calls });
      }
      t.forEachChild(node, visit);
    };
    t.forEachChild(fn, visit);
    this.known.set(fn, callSites);
    return callSites;
  }

  /** The functions of this code that an expression refers to or defines. */
  functionsOf(expression: ts.Node): ts.SignatureDeclaration[] {
    const t = typescript();
    if (t.isFunctionLike(expression)) return [expression];
    const name = t.isPropertyAccessExpression(expression) ? expression.name : expression;
    if (!t.isIdentifier(name) && !t.isPrivateIdentifier(name)) return [];
    return (symbolOf(this.code, name)?.declarations ?? []).flatMap((declaration) => {
      if (t.isMethodSignature(declaration)) return this.implementing(declaration);
      if (t.isFunctionLike(declaration)) {
        if ((declaration as ts.FunctionLikeDeclaration).body) return [declaration];
        return t.isMethodDeclaration(declaration) ? this.implementing(declaration) : [];
      }
      if (t.isClassLike(declaration)) return declaration.members.filter(t.isConstructorDeclaration);
      const { initializer } = declaration as ts.VariableDeclaration;
      return initializer && t.isFunctionLike(initializer) ? [initializer] : [];
    });
  }

  /**
   * The functions that a handler stands for: itself, or the one that `withLogging(handler)` or `handle.bind(this)`
   * wraps.
   */
  handedOn(expression: ts.Node): ts.SignatureDeclaration[] {
    const t = typescript();
    const own = this.functionsOf(expression);
    if (own.length > 0 || !t.isCallExpression(expression)) return own;
    const bound = t.isPropertyAccessExpression(expression.expression) && expression.expression.name.text === "bind";
    if (bound) return this.functionsOf((expression.expression as ts.PropertyAccessExpression).expression);
    return expression.arguments.flatMap((each) => this.handedOn(each));
  }

  /** The methods of classes that implement a method of an interface or of an abstract class. */
  private implementing(signature: ts.MethodSignature | ts.MethodDeclaration): ts.SignatureDeclaration[] {
    const name = signature.name.getText();
    return (this.implementations().get(signature.parent) ?? []).flatMap(({ members }) =>
      members.filter(
        (each): each is ts.MethodDeclaration =>
          typescript().isMethodDeclaration(each) && each.name.getText() === name && each.body !== undefined,
      ),
    );
  }

  private implementers: ReadonlyMap<ts.Node, readonly ts.ClassLikeDeclaration[]> | undefined;

  private implementations() {
    if (this.implementers) return this.implementers;
    const t = typescript();
    const found = new Map<ts.Node, ts.ClassLikeDeclaration[]>();
    const visit = (node: ts.Node): void => {
      if (t.isClassLike(node)) {
        for (const { expression } of node.heritageClauses?.flatMap(({ types }) => [...types]) ?? []) {
          for (const declaration of symbolOf(this.code, expression)?.declarations ?? []) {
            found.set(declaration, [...(found.get(declaration) ?? []), node]);
          }
        }
      }
      t.forEachChild(node, visit);
    };
    for (const { tree } of this.code.files) visit(tree);
    this.implementers = found;
    return found;
  }

  /** The function that runs a node, or its file. */
  ownerOf(node: ts.Node): CodeFunction {
    const t = typescript();
    const found = t.findAncestor(node.parent, (each) => t.isFunctionLike(each) && !this.runsInside(each));
    return (found as ts.SignatureDeclaration | undefined) ?? node.getSourceFile();
  }

  private calledBy(
    node: ts.CallExpression | ts.NewExpression | ts.TaggedTemplateExpression,
  ): ts.SignatureDeclaration[] {
    const t = typescript();
    if (t.isTaggedTemplateExpression(node)) return this.functionsOf(node.tag);
    const named = (node.arguments ?? []).filter((each) => t.isIdentifier(each) || t.isPropertyAccessExpression(each));
    const handedOn = named.flatMap((each) => {
      const functions = this.functionsOf(each);
      return functions.length > 0 && this.runs(node, each) ? functions : [];
    });
    return [...this.functionsOf(node.expression), ...handedOn];
  }

  /**
   * True for a function that runs where it is written: it is called at once, or it is the argument of a call that runs
   * it.
   */
  private runsInside(node: ts.SignatureDeclaration): boolean {
    const t = typescript();
    const { parent } = node;
    if (t.isParenthesizedExpression(parent)) return t.isCallExpression(parent.parent);
    if (!t.isCallExpression(parent) && !t.isNewExpression(parent)) return false;
    const argument = parent.arguments?.find((each) => each === (node as ts.Node));
    return argument !== undefined && this.runs(parent, argument);
  }

  private readonly ran = new Map<ts.Node, boolean>();

  /** True for a call that runs its function argument before the next statement. */
  private runs(call: Call, argument: ts.Expression): boolean {
    const known = this.ran.get(argument);
    if (known !== undefined) return known;
    const name = calledName(call);
    this.ran.set(argument, !deferring.has(name) && !keeping.has(name));
    const runs = this.decide(call, argument, name);
    this.ran.set(argument, runs);
    return runs;
  }

  private decide(call: Call, argument: ts.Expression, name: string): boolean {
    const t = typescript();
    if (deferring.has(name) || keeping.has(name)) return false;
    if (running.has(name) || this.code.libraries.transactionNames.has(name)) return true;
    const own = this.functionsOf(call.expression);
    if (own.length > 0) {
      const index = call.arguments?.indexOf(argument) ?? 0;
      return own.some(({ parameters }) => this.isRun(parameters[index] ?? parameters.at(-1)));
    }
    // Several function arguments serve different purposes. A call that nobody awaits may run them at any time.
    const given = (call.arguments ?? []).filter((each) => this.functionsOf(each).length > 0);
    return given.length < 2 && !t.isExpressionStatement(call.parent);
  }

  /** True if a function calls this parameter, or passes it to a call that runs it. */
  private isRun(parameter: ts.ParameterDeclaration | undefined): boolean {
    const t = typescript();
    if (!parameter) return false;
    const body = (parameter.parent as ts.FunctionLikeDeclaration).body;
    const symbol = this.code.checker.getSymbolAtLocation(parameter.name);
    if (!body || !symbol) return true;
    let found = false;
    const visit = (node: ts.Node): void => {
      if (found) return;
      if (t.isIdentifier(node) && node.text === symbol.name && symbolOf(this.code, node) === symbol) {
        const { parent } = node;
        const isCall = t.isCallExpression(parent) || t.isNewExpression(parent);
        if (
          isCall &&
          (parent.expression === node || (!keeping.has(calledName(parent)) && !deferring.has(calledName(parent))))
        )
          found = true;
      }
      t.forEachChild(node, visit);
    };
    visit(body);
    return found;
  }
}

export function isWithin(inner: ts.Node, outer: ts.Node): boolean {
  return inner.getSourceFile() === outer.getSourceFile() && inner.pos >= outer.pos && inner.end <= outer.end;
}
