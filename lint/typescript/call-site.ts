import type { RangeVar, SelectStmt } from "libpg-query";
import type * as ts from "typescript";
import { nodesOf } from "../../architecture/sql/tree";
import { calledName } from "./calls";
import { chainEnd } from "./chain";
import type { Code } from "./code";
import { type EmbeddedSql, embeddedSql } from "./embedded-sql";
import { writingNames } from "./libraries/libraries";
import { importOf, type Origin, originOf } from "./origin";
import { typescript } from "./typescript";

/** The effect of one call outside the program. `recordEvent` records in the database that an event was processed. */
export type Effect = "publish" | "write" | "recordEvent" | "readOutbox" | "receive";

/** The effects of the call itself, without those of local functions that it calls. */
export function effectsOf(code: Code, node: ts.Node): readonly Effect[] {
  const t = typescript();
  if (!t.isCallExpression(node) && !t.isTaggedTemplateExpression(node)) return [];
  const sql = embeddedSql(code, node);
  if (sql) return ofSql(sql);
  if (!t.isCallExpression(node)) return [];
  if (isProcessOnce(code, node)) return ["recordEvent"];
  const { expression } = node;
  const action = actionOf(code, node);
  if (!action) return [];
  const { name, origin } = action;
  const does = (listed: Parameters<typeof code.libraries.has>[2]) => code.libraries.has(origin.module, name, listed);
  const command = name === "send" ? commandOf(code, node) : undefined;
  const commands = (listed: Parameters<typeof code.libraries.has>[2]) =>
    command !== undefined && code.libraries.has(origin.module, command, listed);
  if (commands(({ receives }) => receives) || does(({ receives }) => receives)) return ["receive"];
  if (commands(({ sendCommands }) => sendCommands) || does(({ sends }) => sends)) return ["publish"];
  // If the whole chain can be read as SQL, its last call carries the effects.
  if (!does(writingNames) || embeddedSql(code, chainEnd(node))) return [];
  return processed.test(`${expression.getText()} ${node.arguments[0]?.getText() ?? ""}`) ? ["recordEvent"] : ["write"];
}

const processed = /processed_?(event|message)s?|process_once|idempotency_?keys?/i;

/** The library method or exported function that a call runs, by its name in the library. */
function actionOf(code: Code, node: ts.CallExpression): { readonly name: string; readonly origin: Origin } | undefined {
  const t = typescript();
  const { expression } = node;
  if (t.isIdentifier(expression)) {
    const origin = importOf(code, expression);
    return origin && { name: origin.name, origin };
  }
  const name = calledName(node);
  if (!t.isPropertyAccessExpression(expression) || !code.libraries.actingNames.has(name)) return undefined;
  const origin = originOf(code, expression.expression);
  return origin && { name, origin };
}

/** `processOnce` of @tenantry/client, whose last argument runs in the transaction that remembers the event. */
export function isProcessOnce(code: Code, node: ts.CallExpression): boolean {
  const { expression } = node;
  if (!expression.getText().endsWith("processOnce")) return false;
  return originOf(code, expression)?.module === "@tenantry/client";
}

function ofSql({ text, parsed }: EmbeddedSql): Effect[] {
  if (processed.test(text)) return ["recordEvent"];
  const effects: Effect[] = [];
  if (!parsed) {
    if (/\b(insert\s+into|update\s+[\w."]+\s+set|delete\s+from|merge\s+into)\b/i.test(text)) effects.push("write");
    if (/\bselect\b[\s\S]*\bfrom\s+[\w."]*outbox/i.test(text)) effects.push("readOutbox");
    return effects;
  }
  const nodes = parsed.statements.map(({ node }) => node);
  const changes = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"];
  if (changes.some((kind) => nodesOf(nodes, kind).length > 0)) effects.push("write");
  // The rule reports a SELECT with a lock by its SQL alone, wherever it is.
  const read = nodesOf<SelectStmt>(nodes, "SelectStmt").flatMap(({ fromClause, lockingClause }) =>
    lockingClause ? [] : nodesOf<RangeVar>(fromClause, "RangeVar"),
  );
  if (read.some(({ relname = "" }) => /outbox/i.test(relname))) effects.push("readOutbox");
  return effects;
}

function commandOf(code: Code, { arguments: [first] }: ts.CallExpression): string | undefined {
  const t = typescript();
  if (!first) return undefined;
  return t.isNewExpression(first) ? first.expression.getText().split(".").at(-1) : originOf(code, first)?.name;
}
