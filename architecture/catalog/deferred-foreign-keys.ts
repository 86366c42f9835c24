import type { Node } from "libpg-query";
import type { ParsedStatement, Token } from "../sql/sql-parser";
import { constraintsOf, isAttribute } from "./table-definition";

/**
 * The text of a CREATE TABLE or ALTER TABLE without its foreign keys; undefined if nothing else was in it. All other
 * text stays unchanged.
 */
export function withoutForeignKeys(statement: ParsedStatement): string | undefined {
  const { node } = statement;
  if ("CreateStmt" in node) {
    const elements = node.CreateStmt.tableElts ?? [];
    const cuts = elements.flatMap((element) => columnCuts(statement, element));
    const isForeignKey = elements.map((element) => "Constraint" in element && element.Constraint.contype === foreign);
    const starts = elements.map((element) => tokenAt(statement, locationOf(element)));
    return apply(statement, [...cuts, ...listCuts(statement, starts, isForeignKey)]);
  }
  if ("AlterTableStmt" in node) {
    const commands = (node.AlterTableStmt.cmds ?? []).flatMap((command) =>
      "AlterTableCmd" in command ? [command.AlterTableCmd.def] : [],
    );
    const isForeignKey = commands.map((def) => !!def && "Constraint" in def && def.Constraint.contype === foreign);
    if (isForeignKey.every((is) => is)) return undefined;
    const cuts = commands.flatMap((def) => (def ? columnCuts(statement, def) : []));
    // A command starts at ADD, one word before the constraint. The start of other commands is not used.
    const starts = commands.map((def, i) => (isForeignKey[i] ? tokenAt(statement, locationOf(def)) - 1 : -1));
    return apply(statement, [...cuts, ...listCuts(statement, starts, isForeignKey)]);
  }
  return text(statement);
}

const foreign = "CONSTR_FOREIGN";

interface Cut {
  readonly start: number;
  readonly end: number;
}

/** The parts of the text to cut for elements of a list, each with one neighbouring comma. */
function listCuts(statement: ParsedStatement, starts: readonly number[], goes: readonly boolean[]): Cut[] {
  const { tokens } = statement;
  return starts.flatMap((start, i) => {
    if (!goes[i]) return [];
    const end = endOfElement(tokens, start, []);
    const element = { start: tokens[start]?.start ?? 0, end: tokens[end - 1]?.end ?? 0 };
    const comma = goes.slice(i + 1).every((gone) => gone) ? tokens[start - 1] : tokens[end];
    return comma?.text === "," ? [element, { start: comma.start, end: comma.end }] : [element];
  });
}

/** The parts of the text to cut for a column's REFERENCES clauses. */
function columnCuts(statement: ParsedStatement, element: Node): Cut[] {
  if (!("ColumnDef" in element)) return [];
  const { tokens } = statement;
  const constraints = constraintsOf(element.ColumnDef);
  const clauses = constraints.filter((constraint) => !isAttribute(constraint));
  const borders = [...clauses, ...(element.ColumnDef.collClause ? [element.ColumnDef.collClause] : [])].map(
    ({ location }) => statement.offsetOf(location),
  );
  return clauses
    .filter(({ contype }) => contype === foreign)
    .map(({ location }) => {
      const start = tokenAt(statement, location);
      const end = endOfElement(tokens, start, borders);
      return { start: tokens[start]?.start ?? 0, end: tokens[end - 1]?.end ?? 0 };
    });
}

/**
 * The index after the element's last token, which is followed by a comma, a closing parenthesis, or one of `borders`.
 */
function endOfElement(tokens: readonly Token[], start: number, borders: readonly number[]): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token || (i > start && borders.includes(token.start))) return i;
    if (token.text === "(") depth++;
    if (depth === 0 && (token.text === "," || token.text === ")")) return i;
    if (token.text === ")") depth--;
  }
  return tokens.length;
}

function tokenAt(statement: ParsedStatement, location: number | undefined): number {
  const offset = statement.offsetOf(location);
  return statement.tokens.findIndex(({ start }) => start === offset);
}

function locationOf(node: Node | undefined): number | undefined {
  if (!node) return undefined;
  if ("ColumnDef" in node) return node.ColumnDef.location;
  if ("Constraint" in node) return node.Constraint.location;
  return undefined;
}

/** Removes the cuts from the text, with the blanks before each cut and the line that it leaves empty. */
function apply(statement: ParsedStatement, cuts: readonly Cut[]): string {
  const whole = statement.source.text;
  let rest = text(statement);
  for (const cut of cuts.toSorted((a, b) => b.start - a.start)) {
    const before = whole.slice(statement.start, cut.start).trimEnd();
    const blanks = whole.slice(statement.start + before.length, cut.start);
    const lineGoesOn = !/^[ \t]*(\n|$)/.test(rest.slice(cut.end - statement.start));
    const keepsLine = lineGoesOn && /--[^\n]*$/.test(before) && blanks.includes("\n");
    const head = keepsLine ? before.length + blanks.indexOf("\n") + 1 : before.length;
    const comma = whole.slice(cut.start, cut.end) === ",";
    rest = rest.slice(0, comma ? cut.start - statement.start : head) + rest.slice(cut.end - statement.start);
  }
  return rest;
}

/** The statement's text in its file. */
export function text({ source, start, end }: ParsedStatement): string {
  return source.text.slice(start, end);
}
