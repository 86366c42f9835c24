/** The place of a problem, to which an editor can jump. */
export interface Place {
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Counted from 1. */
  readonly column?: number;
  /** The text of the line, shown with a caret under `column`. */
  readonly text?: string;
}

/** One error in a user's files or configuration, and its fix. */
export interface Problem {
  /** The error, as a sentence without its full stop: "Table `orders` has no column `tenant_id`". */
  readonly what: string;
  /** The value that the user gave. Never a secret. */
  readonly got?: string;
  /** The values that are accepted. */
  readonly expected?: string;
  /** An imperative sentence: the user's next step. */
  readonly fix: string;
  readonly at?: Place;
}

/** All problems together. Thrown before anything is changed, and shown without a stack trace. */
export class Problems extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(renderProblem).join("\n\n"));
    this.name = "Problems";
  }
}

/** Throws all problems together, if there are any. */
export function refuseIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Problems(problems);
}

/** The problem as users read it: place, what, got, expected, fix. */
export function renderProblem(problem: Problem): string {
  const { what, got, expected, fix, at } = problem;
  const lines = [`${at ? `${renderPlace(at)}: ` : ""}${what}`];
  if (at?.text !== undefined) lines.push(...renderExcerpt(at));
  if (got !== undefined) lines.push(`  got:      ${got}`);
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  lines.push(`  fix:      ${fix}`);
  return lines.join("\n");
}

function renderPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

function renderExcerpt({ text = "", column }: Place): string[] {
  const shown = `  | ${text.replaceAll("\t", " ")}`;
  return column === undefined ? [shown] : [shown, `  | ${" ".repeat(column - 1)}^`];
}
