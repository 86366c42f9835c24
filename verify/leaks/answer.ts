import type { LeakQuery } from "./query";

/** Answer to the checked steps of a query, or of its twin. */
export interface Answer {
  /** Rows as PostgreSQL sent them, and the output of COPY. */
  readonly rows: readonly string[];
  /** Number of rows read or written by all steps. */
  readonly count: number;
  readonly notices: readonly string[];
  readonly error?: AnswerError;
}

export interface AnswerError {
  readonly code: string;
  readonly constraint?: string | undefined;
  /** Full text of the error: message, detail, hint, context. */
  readonly text: string;
}

export type Verdict =
  /** The answer shows another tenant. */
  | { readonly kind: "leak"; readonly how: string }
  /** The answer shows values of the tenant's own rows. */
  | { readonly kind: "own" }
  /** The answer has other rows: a count, a plan, shared rows. */
  | { readonly kind: "rows" }
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly code: string };

/** Returns true if a text has a value that the question does not. */
type Finder = (text: string, asked: string) => boolean;

/** Finds values as whole words, so not as part of a longer number. */
export function finderOf(values: readonly string[]): Finder {
  const escaped = values.map((value) => value.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![0-9A-Za-z])(?:${escaped.join("|")})(?![0-9A-Za-z])`, "g");
  return (text, asked) => [...text.matchAll(pattern)].some(([found]) => !asked.includes(found));
}

/** Judges if the answer reveals another tenant. `find.foreign` finds values that it must not show. */
export function judgeAnswer(
  query: LeakQuery,
  answer: Answer,
  twin: Answer | undefined,
  find: { readonly foreign: Finder; readonly own: Finder },
): Verdict {
  const leak = (how: string): Verdict => ({ kind: "leak", how });
  const asked = query.steps.map(({ sql }) => sql).join("\n");
  // Errors and notices may quote the question.
  const beside = [...answer.notices, answer.error?.text ?? ""].join("\n");
  const rows = answer.rows.join("\n");
  const quoted = query.echoes ? asked : "";
  if (find.foreign(rows, quoted)) return leak("rows show a value of another tenant");
  if (find.foreign(beside, asked)) {
    return leak(answer.error ? "an error shows a value of another tenant" : "a notice shows a value of another tenant");
  }
  const { error, count } = answer;
  if (query.empty && count > 0) return leak(`${count} rows where other tenants' alone were asked for`);
  if (query.trap && error?.code.startsWith("22"))
    return leak("a condition met a row of another tenant, and failed on it");
  if (twin && !cannot(answer) && !cannot(twin) && signature(answer) !== signature(twin)) {
    return leak(`answered ${short(answer)}, and ${short(twin)} where other tenants can't matter`);
  }
  if (error) return { kind: "refused", code: error.code };
  if (find.own(rows, quoted)) return { kind: "own" };
  return { kind: count > 0 ? "rows" : "none" };
}

/**
 * True if the server can't answer such a question at all: Citus refuses queries that it can't distribute, unless they
 * name a tenant.
 */
const cannot = ({ error }: Answer) => error?.code === "0A000";

/** Equal for two answers with the same content. */
function signature({ rows, count, error }: Answer): string {
  return error ? `${error.code} ${error.constraint ?? ""}` : `${count} ${rows.join("\n")}`;
}

function short({ rows, count, error }: Answer): string {
  if (error) return `error ${error.code}${error.constraint ? ` (${error.constraint})` : ""}`;
  const [only] = rows;
  return rows.length === 1 && only !== undefined && only.length < 60 ? only : `${count} rows`;
}
