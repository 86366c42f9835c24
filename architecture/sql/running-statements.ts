import type { Node } from "libpg-query";
import { lineAt, placeAt, type Source, startOfLine } from "../../common/source";
import { strings } from "../catalog/table-definition";
import { foldText } from "./built-text";
import { parsePlPgSql, parseStatements } from "./pg-parser";
import type { ParsedSql, ParsedStatement } from "./sql-parser";

/**
 * Statements as they run: those of a file, and after each DO block those in it, including statements that the block
 * builds as text.
 */
function runningStatements(statements: readonly ParsedStatement[]): ParsedStatement[] {
  return statements.flatMap((statement) => [statement, ...statementsInBlock(statement)]);
}

/** The file with its statements as they run. */
export function runningFile(file: ParsedSql): ParsedSql {
  return { ...file, statements: runningStatements(file.statements) };
}

/**
 * The statements in a DO block, each at its own line. Statements that can't be parsed are skipped; the server reports
 * them.
 */
function statementsInBlock(statement: ParsedStatement): ParsedStatement[] {
  const { node } = statement;
  if (!("DoStmt" in node)) return [];
  const options = (node.DoStmt.args ?? []).flatMap((each) => ("DefElem" in each ? [each.DefElem] : []));
  const language = options.find(({ defname }) => defname === "language")?.arg;
  if (language && "String" in language && language.String.sval?.toLowerCase() !== "plpgsql") return [];
  const body = statement.tokens.find(({ text }) => /^(\$|[eE]?')/.test(text));
  if (!body) return [];
  const bodyLine = lineAt(statement.source, body.start);
  return expressionsIn(statement).flatMap(({ sql, line }) =>
    parsed(sql).map((inner) => at(statement, inner, bodyLine + line - 1)),
  );
}

function lineIn(value: unknown, line: number): number {
  const isNode = typeof value === "object" && value !== null && "lineno" in value;
  return isNode && typeof value.lineno === "number" ? value.lineno : line;
}

interface Expression {
  readonly sql: string;
  /** From 1, in the block's body. */
  readonly line: number;
}

/** The block's statements, and the texts that it builds to execute them at once or to keep them in a variable. */
function expressionsIn({ source, start, end }: ParsedStatement): Expression[] {
  let tree: unknown;
  try {
    tree = parsePlPgSql(source.text.slice(start, end));
  } catch {
    return [];
  }
  const found: Expression[] = [];
  const visit = (value: unknown, line: number): void => {
    if (typeof value !== "object" || value === null) return;
    const here = lineIn(value, line);
    for (const [key, inner] of Object.entries(value)) {
      if (key === "PLpgSQL_expr") found.push(...readExpression(inner, here));
      else if (key in transactionEnds) found.push({ sql: transactionEnds[key] ?? "", line: lineIn(inner, here) });
      else visit(inner, here);
    }
  };
  visit(tree, 1);
  return found;
}

const transactionEnds: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_commit: "COMMIT",
  PLpgSQL_stmt_rollback: "ROLLBACK",
};

/** PL/pgSQL's parse modes: 0 is a statement, 2 an expression, 3 and more an assignment. */
function readExpression({ query, parseMode }: { query: string; parseMode: number }, line: number): Expression[] {
  if (parseMode === 0) return [{ sql: query, line }];
  const value = parseMode === 2 ? query : query.replace(/^[^:=]*:?=/, "");
  return [{ sql: `SELECT ${value}`, line }, ...foldText(value).map((sql) => ({ sql, line }))];
}

function parsed(sql: string): Node[] {
  try {
    return parseStatements(sql).flatMap(({ stmt }) => (stmt ? [stmt as Node] : []));
  } catch {
    return [];
  }
}

function at(statement: ParsedStatement, node: Node, line: number): ParsedStatement {
  const start = firstWord(statement.source, line);
  const place = placeAt(statement.source, start);
  return { ...statement, node, inBlock: true, start, tokens: [], offsetOf: () => start, placeOf: () => place };
}

/** The offset of a line's first character that is not a blank. */
function firstWord(source: Source, line: number): number {
  const blanks = /[ \t]*/y;
  blanks.lastIndex = startOfLine(source, line);
  return blanks.lastIndex + (blanks.exec(source.text)?.[0].length ?? 0);
}

/** The parts of a name in a list of names, such as that of DROP. */
export function nameParts(object: Node): readonly string[] {
  if ("List" in object) return strings(object.List.items);
  if ("String" in object) return [object.String.sval ?? ""];
  if ("RangeVar" in object)
    return [object.RangeVar.schemaname, object.RangeVar.relname].filter((part) => part !== undefined);
  if ("ObjectWithArgs" in object) return strings(object.ObjectWithArgs.objname);
  if ("TypeName" in object) return strings(object.TypeName.names);
  return [];
}
