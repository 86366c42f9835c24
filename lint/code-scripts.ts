import type * as ts from "typescript";
import { runningFile } from "../architecture/sql/running-statements";
import { type ParsedSql, parseSql } from "../architecture/sql/sql-parser";
import { quoteIdentifier } from "../common/identifier";
import type { Place } from "../common/problem";
import type { Code, CodeFile } from "./typescript/code";
import { createdTable } from "./typescript/created-table";
import type { EmbeddedSql } from "./typescript/embedded-sql";
import type { CodeFunction, Functions } from "./typescript/function";
import { runsInTransaction } from "./typescript/migration";
import { isRollback } from "./typescript/rollback";
import { typescript } from "./typescript/typescript";

type ReadQuery = EmbeddedSql & { readonly parsed: ParsedSql };

/** Statements of code that are judged as one file: a query, or the queries of a function that changes the schema. */
export interface CodeScript {
  readonly parsed: ParsedSql;
  /** True if the statements run in one transaction. */
  readonly transaction: boolean;
  /** True if the script changes the schema, so that later scripts and its own later statements depend on it. */
  readonly isDdl: boolean;
  /** Converts a place in the script to one in the code; undefined for what a library's method creates. */
  inFile(place: Place): Place | undefined;
}

/** One query of a function, or a table that a library's method creates. */
interface Piece {
  readonly node: ts.Node;
  readonly text: string;
  readonly query: ReadQuery | undefined;
}

/** The queries of a file, and its scripts. `down`, which leads a migration back, has none. */
export function scriptsOf(
  functions: Functions,
  file: CodeFile,
  read: (node: ts.Node) => EmbeddedSql | undefined,
): { readonly queries: readonly ReadQuery[]; readonly scripts: readonly CodeScript[] } {
  const pieces: Piece[] = [];
  const visit = (node: ts.Node): void => {
    if (isRollback(node)) return;
    const query = read(node);
    const table = query ? undefined : createdTable(functions.code, node);
    // Other code may add the missing condition to a query that lint can't read completely.
    if (query?.parsed && query.isWhole) {
      const { parsed } = query;
      pieces.push({ node, text: parsed.source.text, query: { ...query, parsed } });
    } else if (table !== undefined) {
      pieces.push({ node, text: `CREATE TABLE ${quoteIdentifier(table)} ()`, query: undefined });
    }
    typescript().forEachChild(node, visit);
  };
  visit(file.tree);
  const queries = pieces.flatMap(({ query }) => query ?? []);
  if (!pieces.some(isDdl)) return { queries, scripts: queries.map(ofQuery) };
  const groups = new Map<CodeFunction, Piece[]>();
  for (const piece of pieces) {
    const owner = functions.ownerOf(piece.node);
    groups.set(owner, [...(groups.get(owner) ?? []), piece]);
  }
  const scripts = [...groups.values()].flatMap((own) =>
    own.some(isDdl) ? [joined(functions.code, file, own)] : own.flatMap(({ query }) => (query ? ofQuery(query) : [])),
  );
  return { queries, scripts };
}

const otherStatements = new Set(
  (
    "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt TransactionStmt VariableSetStmt VariableShowStmt LockStmt " +
    "CopyStmt ExplainStmt CallStmt NotifyStmt ListenStmt PrepareStmt ExecuteStmt DeclareCursorStmt FetchStmt"
  ).split(" "),
);

function isDdl({ query }: Piece): boolean {
  return (
    !query || query.parsed.statements.some(({ node }) => Object.keys(node).some((kind) => !otherStatements.has(kind)))
  );
}

function ofQuery(query: ReadQuery): CodeScript {
  return { parsed: query.parsed, transaction: false, isDdl: false, inFile: query.inFile };
}

/** The pieces in their order as one file, with a line of its own between them. */
function joined(code: Code, { source }: CodeFile, pieces: readonly Piece[]): CodeScript {
  const firstLines: number[] = [];
  let lines = 1;
  for (const { text } of pieces) {
    firstLines.push(lines);
    lines += text.split("\n").length + 1;
  }
  const text = pieces.map((piece) => piece.text).join("\n;\n");
  return {
    parsed: runningFile(parseSql({ path: source.path, text })),
    transaction: runsInTransaction(
      code,
      pieces.map(({ node }) => node),
    ),
    isDdl: true,
    inFile(place) {
      const { line = 1 } = place;
      const index = firstLines.findLastIndex((first) => first <= line);
      return pieces[index]?.query?.inFile({ ...place, line: line - (firstLines[index] ?? 1) + 1 });
    },
  };
}
