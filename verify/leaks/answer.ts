import type { LeakQuery } from "./query";

/** What came back of a query's steps that are looked at, and of its twin's. */
export interface Answer {
  /** The rows as PostgreSQL sent them, and what COPY sent. */
  readonly rows: readonly string[];
  /** Rows read or written, of all steps together. */
  readonly count: number;
  readonly notices: readonly string[];
  readonly error?: AnswerError;
}

export interface AnswerError {
  readonly code: string;
  readonly constraint?: string | undefined;
  /** Everything that the error says: message, detail, hint, context. */
  readonly text: string;
}

export type Verdict =
  /** Another tenant shows in it. */
  | { readonly kind: "leak"; readonly how: string }
  /** Values of the tenant's own rows. */
  | { readonly kind: "own" }
  /** Other rows: a count, a plan, what every tenant shares. */
  | { readonly kind: "rows" }
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly code: string };

/** Whether a text holds a value that the question does not. */
export type Finder = (text: string, asked: string) => boolean;

/** Finds values as whole words: a number is no part of a longer one. */
export function finderOf(values: readonly string[]): Finder {
  const escaped = values.map((value) => value.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![0-9A-Za-z])(?:${escaped.join("|")})(?![0-9A-Za-z])`, "g");
  return (text, asked) => [...text.matchAll(pattern)].some(([found]) => !asked.includes(found));
}

/** What the answer tells of another tenant. `find.foreign` finds values that must not show in it. */
export function judgeAnswer(
  query: LeakQuery,
  answer: Answer,
  twin: Answer | undefined,
  find: { readonly foreign: Finder; readonly own: Finder },
): Verdict {
  const leak = (how: string): Verdict => ({ kind: "leak", how });
  const asked = query.steps.map(({ sql }) => sql).join("\n");
  // What PostgreSQL says beside rows may quote the question.
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

/** Whether the server can't answer such a question at all: Citus, to one that it can't spread, unless it names a tenant. */
const cannot = ({ error }: Answer) => error?.code === "0A000";

/** Two answers that say the same have the same. */
function signature({ rows, count, error }: Answer): string {
  return error ? `${error.code} ${error.constraint ?? ""}` : `${count} ${rows.join("\n")}`;
}

function short({ rows, count, error }: Answer): string {
  if (error) return `error ${error.code}${error.constraint ? ` (${error.constraint})` : ""}`;
  const [only] = rows;
  return rows.length === 1 && only !== undefined && only.length < 60 ? only : `${count} rows`;
}
