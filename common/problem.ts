/** Where a problem was found: a place that an editor can jump to. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The line itself, shown with a caret under `column`. */
  readonly text?: string;
}

/** One thing that is wrong with what a user wrote or configured, and the way out. */
export interface Problem {
  /** What is wrong, as a sentence without its full stop: "Table `orders` has no column `tenant_id`". */
  readonly what: string;
  /** The value as it was given. Never a secret. */
  readonly got?: string;
  /** What would have been accepted. */
  readonly expected?: string;
  /** An imperative: what to do now. */
  readonly fix: string;
  readonly at?: Place;
}

/** Everything that is wrong, at once. Thrown before anything is changed; shown without a stack trace. */
export class Problems extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(renderProblem).join("\n\n"));
    this.name = "Problems";
  }
}

/** Ends with all problems together, if there are any. */
export function refuseIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Problems(problems);
}

/** The problem as a user reads it: place, what, got, expected, fix. */
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
