import type * as ts from "typescript";
import { lineAt } from "../common/source";
import { type Allow, allowAt } from "./allow";
import type { CodeFile } from "./typescript/code";
import type { EmbeddedSql } from "./typescript/embedded-sql";
import { typescript } from "./typescript/typescript";

/**
 * The allow comments of a file of code. `// tenantry:allow RULE reason` applies to its line; on a line of its own, it
 * applies to the statement, member or argument that follows. `-- tenantry:allow RULE reason` in a query applies to the
 * query.
 */
export function readCodeAllows({ source, tree }: CodeFile, queries: readonly EmbeddedSql[]): Allow[] {
  const { text } = source;
  const matches = [...text.matchAll(/(\/\/|--)[ \t]*tenantry:allow\b[ \t]*(\S*)[ \t]*(.*)$/gm)];
  return matches.flatMap((match): Allow[] => {
    const [, sign, rule = "", reason = ""] = match;
    const offset = match.index;
    const query = sign === "--" ? queries.find(({ start, end }) => start <= offset && offset <= end) : undefined;
    if (query) return [allowAt({ rule, reason, offset }, lineAt(source, query.start), lineAt(source, query.end))];
    if (sign === "--" || !isComment(tree, offset)) return [];
    const line = lineAt(source, offset);
    const next = startsLine(text, offset) ? nodeBehind(tree, offset) : undefined;
    return [allowAt({ rule, reason, offset }, line, next ? lineAt(source, next.getEnd() - 1) : line)];
  });
}

function startsLine(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf("\n", offset) + 1, offset).trim() === "";
}

function isComment(tree: ts.SourceFile, offset: number): boolean {
  const t = typescript();
  const tokenAt = (node: ts.Node): ts.Node => {
    const child = node.getChildren(tree).find(({ pos, end }) => pos <= offset && offset < end);
    return child ? tokenAt(child) : node;
  };
  const { pos } = tokenAt(tree);
  const comments = [t.getLeadingCommentRanges(tree.text, pos), t.getTrailingCommentRanges(tree.text, pos)];
  return comments.some((ranges) => ranges?.some((each) => each.pos === offset));
}

/** The outermost node that begins after the comment. */
function nodeBehind(tree: ts.SourceFile, offset: number): ts.Node | undefined {
  let found: ts.Node | undefined;
  const visit = (node: ts.Node): void => {
    if (found || node.end <= offset) return;
    if (node.getStart(tree) > offset && node.kind !== typescript().SyntaxKind.EndOfFileToken) found = node;
    else typescript().forEachChild(node, visit);
  };
  typescript().forEachChild(tree, visit);
  return found;
}
