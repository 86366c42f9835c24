import type { RangeVar, SelectStmt } from "libpg-query";
import type * as ts from "typescript";
import { nodesOf } from "../rules/tree";
import type { Code } from "./code";
import { type EmbeddedSql, embeddedSql } from "./embedded-sql";
import { originOf } from "./origin";
import { actingMethods, isBroker, publishes, writesRows } from "./packages";
import { typescript } from "./typescript";

/** What one call does to the outside. `mark`: remembers in the database that an event was processed. */
export type Effect = "publish" | "write" | "mark" | "readOutbox";

/** The effects of one call by itself, without those of the functions that it calls. */
export function effectsOf(code: Code, node: ts.Node): readonly Effect[] {
  const t = typescript();
  if (!t.isCallExpression(node) && !t.isTaggedTemplateExpression(node)) return [];
  const sql = embeddedSql(code, node, { path: node.getSourceFile().fileName, text: node.getSourceFile().text });
  if (sql) return ofSql(sql);
  if (!t.isCallExpression(node)) return [];
  const { expression } = node;
  if (isProcessOnce(code, node)) return ["mark"];
  if (!t.isPropertyAccessExpression(expression) || !actingMethods.has(expression.name.text)) return [];
  const method = expression.name.text;
  const origin = originOf(code, expression.expression);
  if (!origin) return [];
  if (publishes(origin.module, method, commandOf(code, node))) return ["publish"];
  if (!writesRows(origin.module, method)) return [];
  return processed.test(expression.expression.getText()) ? ["mark"] : ["write"];
}

const processed = /processed_?events?|process_once/i;

/** `processOnce` of @tenantry/client, whose last argument runs in the transaction that remembers the event. */
export function isProcessOnce(code: Code, node: ts.CallExpression): boolean {
  const { expression } = node;
  if (!expression.getText().endsWith("processOnce")) return false;
  return originOf(code, expression)?.module === "@tenantry/client";
}

/** Whether a value comes from a broker's package. */
export function isOfBroker(code: Code, node: ts.Node): boolean {
  const origin = originOf(code, node);
  return origin !== undefined && isBroker(origin.module);
}

function ofSql({ text, parsed }: EmbeddedSql): Effect[] {
  if (processed.test(text)) return ["mark"];
  const effects: Effect[] = [];
  if (!parsed) {
    if (/\b(insert\s+into|update\s+[\w."]+\s+set|delete\s+from|merge\s+into)\b/i.test(text)) effects.push("write");
    if (/\bselect\b[\s\S]*\bfrom\s+[\w."]*outbox/i.test(text)) effects.push("readOutbox");
    return effects;
  }
  const nodes = parsed.statements.map(({ node }) => node);
  const changes = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"];
  if (changes.some((kind) => nodesOf(nodes, kind).length > 0)) effects.push("write");
  // With a lock, the rule on SQL finds it wherever it stands.
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
