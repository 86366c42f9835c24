import type * as ts from "typescript";
import { type Call, calledName } from "./calls";
import type { CodeFunction, Functions } from "./function";
import type { Library } from "./library";
import { importOf, type Origin, originOf } from "./origin";
import { typescript } from "./typescript";

/**
 * The code that handles a broker's messages: handler functions, bodies of loops over subscriptions, and code that
 * polls.
 */
export function handlersOf(functions: Functions): CodeFunction[] {
  const t = typescript();
  const found: CodeFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isCallExpression(node) || t.isNewExpression(node)) found.push(...ofCall(functions, node));
    if (t.isForOfStatement(node) && node.awaitModifier && isOfBroker(functions, node.expression))
      found.push(node.statement);
    if (t.isMethodDeclaration(node) && handles(functions, node)) found.push(node);
    if (t.isFunctionLike(node) && isTyped(functions, node)) found.push(node);
    t.forEachChild(node, visit);
  };
  for (const { tree } of functions.code.files) visit(tree);
  return [...new Set([...found, ...receiversOf(functions)])];
}

function ofCall(functions: Functions, node: Call): CodeFunction[] {
  const t = typescript();
  const origin = originOfCallee(functions, node);
  if (!origin) return [];
  const lists = (name: string, listed: (handlers: Library["handlers"]) => readonly string[]) =>
    functions.code.libraries.has(origin.module, name, ({ handlers }) => listed(handlers));
  const takesHandler = t.isNewExpression(node)
    ? lists(exportedName(node, origin), ({ classes }) => classes)
    : [calledName(node), withEvent(node)].some((name) => lists(name, ({ methods }) => methods));
  const given = (node.arguments ?? []).flatMap((argument): ts.Node[] => {
    if (!t.isObjectLiteralExpression(argument)) return takesHandler ? [argument] : [];
    return argument.properties.flatMap((property): ts.Node[] => {
      if (!lists(property.name?.getText() ?? "", ({ keys }) => keys)) return [];
      return t.isPropertyAssignment(property) ? [property.initializer] : [property.name ?? property];
    });
  });
  return given.flatMap((each) => shorthand(functions, each) ?? functions.handedOn(each));
}

/** The method with its event: `on:data` for `stream.on("data", …)`. */
function withEvent(node: Call): string {
  const [first] = node.arguments ?? [];
  return `${calledName(node)}:${first && typescript().isStringLiteral(first) ? first.text : ""}`;
}

function originOfCallee({ code }: Functions, node: Call): Origin | undefined {
  const t = typescript();
  const { expression } = node;
  if (t.isNewExpression(node) || !t.isPropertyAccessExpression(expression)) {
    return t.isIdentifier(expression) ? importOf(code, expression) : originOf(code, expression);
  }
  return originOf(code, expression.expression);
}

function exportedName(node: ts.NewExpression, origin: Origin): string {
  return typescript().isIdentifier(node.expression) && origin.name !== "default" ? origin.name : calledName(node);
}

/** The function of a property: `{ eachMessage }` names one, `{ eachMessage() {} }` is one. */
function shorthand({ code }: Functions, name: ts.Node): CodeFunction[] | undefined {
  const t = typescript();
  if (t.isMethodDeclaration(name.parent)) return [name.parent];
  if (!t.isShorthandPropertyAssignment(name.parent)) return undefined;
  const declaration = code.checker.getShorthandAssignmentValueSymbol(name.parent)?.valueDeclaration;
  if (!declaration) return [];
  if (t.isFunctionLike(declaration)) return [declaration];
  const { initializer } = declaration as ts.VariableDeclaration;
  return initializer && t.isFunctionLike(initializer) ? [initializer] : [];
}

/**
 * True for a method with a decorator such as `@EventPattern("order.created")`, or `process` of a class that extends
 * BullMQ's `WorkerHost`.
 */
function handles({ code }: Functions, method: ts.MethodDeclaration): boolean {
  const t = typescript();
  if (isDecorated(code, method, ({ handlers }) => handlers.decorators)) return true;
  if (!t.isClassLike(method.parent)) return false;
  const extended = method.parent.heritageClauses?.find(({ token }) => token === t.SyntaxKind.ExtendsKeyword)?.types[0];
  const origin = extended && originOf(code, extended.expression);
  return (
    origin !== undefined &&
    code.libraries.has(origin.module, method.name.getText(), ({ handlers }) => handlers.overrides)
  );
}

/** True for a method that has one of a library's decorators. */
export function isDecorated(
  code: Functions["code"],
  method: ts.MethodDeclaration,
  listed: (library: Library) => readonly string[],
): boolean {
  const t = typescript();
  return (t.getDecorators(method) ?? []).some(({ expression }) => {
    const name = t.isCallExpression(expression) ? expression.expression : expression;
    const origin = t.isIdentifier(name) ? importOf(code, name) : originOf(code, name);
    return origin !== undefined && code.libraries.has(origin.module, origin.name, listed);
  });
}

/**
 * True for a function with a handler's type: `const handler: SQSHandler = …`, `async function handler(event:
 * SQSEvent)`.
 */
function isTyped({ code }: Functions, node: ts.SignatureDeclaration): boolean {
  const t = typescript();
  const { parent } = node;
  const types = [t.isVariableDeclaration(parent) ? parent.type : undefined, node.parameters[0]?.type];
  return types.some((type) => {
    if (!type || !t.isTypeReferenceNode(type) || !t.isIdentifier(type.typeName)) return false;
    const origin = importOf(code, type.typeName);
    return origin !== undefined && code.libraries.has(origin.module, origin.name, ({ handlers }) => handlers.types);
  });
}

/** True for the subscription in `for await (const message of subscription)`. */
function isOfBroker({ code }: Functions, node: ts.Expression): boolean {
  const origin = originOf(code, node);
  return (
    origin !== undefined &&
    code.libraries
      .of(origin.module)
      .some(
        ({ handlers, receives }) => receives.length > 0 || Object.values(handlers).some((names) => names.length > 0),
      )
  );
}

/**
 * Code that polls for messages, itself or by a function that only polls: the body of the loop around it, else the
 * function.
 */
function receiversOf(functions: Functions): CodeFunction[] {
  const t = typescript();
  const receives = (fn: CodeFunction) => functions.callSites(fn).some(({ effects }) => effects.includes("receive"));
  return functions.all().flatMap((fn) =>
    functions.callSites(fn).flatMap(({ node, effects, calls }) => {
      const isAsking = effects.includes("receive") || (calls.some(receives) && isUsed(node));
      if (!isAsking) return [];
      const loop = t.findAncestor(node, (each) => each === fn || t.isIterationStatement(each, false));
      return [loop && t.isIterationStatement(loop, false) ? loop.statement : fn];
    }),
  );
}

/** True for a call whose result is used, also if it is awaited first. */
function isUsed(node: ts.Node): boolean {
  const t = typescript();
  return t.isAwaitExpression(node.parent) ? isUsed(node.parent) : !t.isExpressionStatement(node.parent);
}
