import type { ParsedStatement } from "../architecture/sql/sql-parser";
import { lineAt, placeAt, type Source, startOfLine } from "../common/source";
import type { Finding, Rule } from "./rule";

/** An inline `-- tenantry:allow RULE reason`; in YAML with `#`. */
export interface Allow {
  readonly rule: string;
  readonly reason: string;
  /** Offset of the comment in the text, from 0. */
  readonly offset: number;
  /** First and last line that the comment applies to, from 1. */
  readonly first: number;
  readonly last: number;
}

export const allowRule: Rule = {
  name: "allow-comment",
  severity: "error",
  harm: "An exception that nobody can judge, or that no longer excuses anything, hides the next mistake.",
};

/** The allow comments of a file. Each applies to the statement that it stands in, or else to the next one. */
export function readAllows(source: Source, statements?: readonly ParsedStatement[]): Allow[] {
  return [...source.text.matchAll(/(?:--|#)[ \t]*tenantry:allow\b[ \t]*(\S*)[ \t]*(.*)$/gm)].map((match) => {
    const offset = match.index;
    const line = lineAt(source, offset);
    const found = statements && (behind(source, statements, line) ?? statements.find(({ end }) => end >= offset));
    const first = found ? Math.min(line, lineAt(source, found.start)) : line;
    const [, rule = "", reason = ""] = match;
    return allowAt({ rule, reason, offset }, first, found ? lineAt(source, found.end - 1) : line + 1);
  });
}

/** The allow of a comment, with the lines that it applies to. */
export function allowAt(comment: Pick<Allow, "rule" | "reason" | "offset">, first: number, last: number): Allow {
  return { ...comment, reason: comment.reason.trim(), first, last };
}

/** Drops the findings that comments allow, and adds findings on the comments themselves. */
export function applyAllows<T extends Finding & { readonly rule: string }>(
  source: Source,
  allows: readonly Allow[],
  findings: readonly T[],
  ruleNames: ReadonlySet<string>,
): { readonly kept: readonly T[]; readonly wrong: readonly Finding[] } {
  const used = new Set<Allow>();
  const kept = findings.filter(({ rule, at: { line = 1 } }) => {
    const allow = allows.find((each) => each.rule === rule && each.first <= line && line <= each.last);
    if (allow) used.add(allow);
    return !allow?.reason;
  });
  const wrong = allows.flatMap((allow): Finding[] => {
    const at = placeAt(source, allow.offset);
    if (!ruleNames.has(allow.rule)) {
      return [{ what: `There is no rule \`${allow.rule}\` to allow`, fix: "Write a name of docs/rules/README.md", at }];
    }
    if (!allow.reason) {
      const what = `The comment that allows \`${allow.rule}\` gives no reason`;
      return [{ what, fix: `Write \`tenantry:allow ${allow.rule} REASON\``, at }];
    }
    if (used.has(allow)) return [];
    return [{ what: `Nothing here breaks \`${allow.rule}\` any more`, fix: "Remove the comment", at }];
  });
  return { kept, wrong };
}

/** The statement that ends before the comment on the same line. */
function behind(source: Source, statements: readonly ParsedStatement[], line: number): ParsedStatement | undefined {
  const text = source.text.slice(startOfLine(source, line), startOfLine(source, line + 1));
  const before = text.split("--", 1)[0]?.trim();
  return before ? statements.findLast(({ end }) => lineAt(source, end - 1) === line) : undefined;
}
