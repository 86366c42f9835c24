import type * as ts from "typescript";
import { isOfBroker } from "./site";
import { typescript } from "./typescript";
import { calledName, type Unit, type Units } from "./unit";

/** Names under which handlers are given to `consumer.run`, `Consumer.create`, `nc.subscribe` … */
const handlerKeys = new Set(["eachMessage", "eachBatch", "handleMessage", "handleMessageBatch", "callback"]);
/** Methods that take the handler itself: amqplib, node-rdkafka, Pub/Sub, MQTT. */
const handlerMethods = new Set(["consume", "on", "subscribe"]);

/** The code that handles the messages of a broker: functions, and the bodies of loops over subscriptions. */
export function handlersOf(units: Units): Unit[] {
  const t = typescript();
  const { code } = units;
  const found: Unit[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isCallExpression(node) || t.isNewExpression(node)) found.push(...ofCall(units, node));
    if (t.isForOfStatement(node) && node.awaitModifier && isOfBroker(code, node.expression)) found.push(node.statement);
    t.forEachChild(node, visit);
  };
  for (const { tree } of code.files) visit(tree);
  return [...new Set(found)];
}

function ofCall(units: Units, node: ts.CallExpression | ts.NewExpression): Unit[] {
  const t = typescript();
  const given = (node.arguments ?? []).flatMap((argument): ts.Node[] => {
    if (!t.isObjectLiteralExpression(argument)) return takesHandler(node) ? [argument] : [];
    return argument.properties.flatMap((property): ts.Node[] => {
      if (!handlerKeys.has(property.name?.getText() ?? "")) return [];
      return t.isPropertyAssignment(property) ? [property.initializer] : [property.name ?? property];
    });
  });
  const handlers = given.flatMap((each) => shorthand(units, each) ?? units.functionsOf(each));
  return handlers.length > 0 && isOfBroker(units.code, node.expression) ? handlers : [];
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

function takesHandler(node: ts.CallExpression | ts.NewExpression): boolean {
  // new Worker("queue", handler) of BullMQ.
  return typescript().isNewExpression(node) || handlerMethods.has(calledName(node));
}
