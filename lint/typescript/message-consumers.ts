import type * as ts from "typescript";
import { type Call, calledName } from "./calls";
import type { Unit, Units } from "./function";
import type { Library } from "./library";
import { importOf, type Origin, originOf } from "./origin";
import { typescript } from "./typescript";

/** The code that handles the messages of a broker: functions, bodies of loops over subscriptions, and what asks for messages. */
export function handlersOf(units: Units): Unit[] {
  const t = typescript();
  const found: Unit[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isCallExpression(node) || t.isNewExpression(node)) found.push(...ofCall(units, node));
    if (t.isForOfStatement(node) && node.awaitModifier && isOfBroker(units, node.expression))
      found.push(node.statement);
    if (t.isMethodDeclaration(node) && handles(units, node)) found.push(node);
    if (t.isFunctionLike(node) && isTyped(units, node)) found.push(node);
    t.forEachChild(node, visit);
  };
  for (const { tree } of units.code.files) visit(tree);
  return [...new Set([...found, ...receiversOf(units)])];
}

function ofCall(units: Units, node: Call): Unit[] {
  const t = typescript();
  const origin = originOfCallee(units, node);
  if (!origin) return [];
  const lists = (name: string, listed: (handlers: Library["handlers"]) => readonly string[]) =>
    units.code.libraries.has(origin.module, name, ({ handlers }) => listed(handlers));
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
  return given.flatMap((each) => shorthand(units, each) ?? units.handedOn(each));
}

/** `on:data` of `stream.on("data", …)`. */
function withEvent(node: Call): string {
  const [first] = node.arguments ?? [];
  return `${calledName(node)}:${first && typescript().isStringLiteral(first) ? first.text : ""}`;
}

function originOfCallee({ code }: Units, node: Call): Origin | undefined {
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

/** `{ eachMessage }` names a function, `{ eachMessage() {} }` is one. */
function shorthand({ code }: Units, name: ts.Node): Unit[] | undefined {
  const t = typescript();
  if (t.isMethodDeclaration(name.parent)) return [name.parent];
  if (!t.isShorthandPropertyAssignment(name.parent)) return undefined;
  const declaration = code.checker.getShorthandAssignmentValueSymbol(name.parent)?.valueDeclaration;
  if (!declaration) return [];
  if (t.isFunctionLike(declaration)) return [declaration];
  const { initializer } = declaration as ts.VariableDeclaration;
  return initializer && t.isFunctionLike(initializer) ? [initializer] : [];
}

/** `@EventPattern("order.created")` before a method, or `process` of a class that extends BullMQ's `WorkerHost`. */
function handles({ code }: Units, method: ts.MethodDeclaration): boolean {
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
  code: Units["code"],
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

/** `const handler: SQSHandler = async (event) => …`, `async function handler(event: SQSEvent)`. */
function isTyped({ code }: Units, node: ts.SignatureDeclaration): boolean {
  const t = typescript();
  const { parent } = node;
  const types = [t.isVariableDeclaration(parent) ? parent.type : undefined, node.parameters[0]?.type];
  return types.some((type) => {
    if (!type || !t.isTypeReferenceNode(type) || !t.isIdentifier(type.typeName)) return false;
    const origin = importOf(code, type.typeName);
    return origin !== undefined && code.libraries.has(origin.module, origin.name, ({ handlers }) => handlers.types);
  });
}

/** `for await (const message of subscription)`. */
function isOfBroker({ code }: Units, node: ts.Expression): boolean {
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

/** Code that asks for messages itself, or by a function that does no more than that: a loop's body, else the function. */
function receiversOf(units: Units): Unit[] {
  const t = typescript();
  const receives = (unit: Unit) => units.sites(unit).some(({ effects }) => effects.includes("receive"));
  return units.all().flatMap((unit) =>
    units.sites(unit).flatMap(({ node, effects, calls }) => {
      const isAsking = effects.includes("receive") || (calls.some(receives) && isUsed(node));
      if (!isAsking) return [];
      const loop = t.findAncestor(node, (each) => each === unit || t.isIterationStatement(each, false));
      return [loop && t.isIterationStatement(loop, false) ? loop.statement : unit];
    }),
  );
}

/** True for a call whose result is used, be it awaited first. */
function isUsed(node: ts.Node): boolean {
  const t = typescript();
  return t.isAwaitExpression(node.parent) ? isUsed(node.parent) : !t.isExpressionStatement(node.parent);
}
