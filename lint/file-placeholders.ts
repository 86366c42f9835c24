import { type ParsedSql, parseSql } from "../architecture/sql/sql-parser";
import { piecesOf } from "../architecture/sql/sql-splitter";
import type { Problem } from "../common/problem";
import { placeAt, type Source, startOfLine } from "../common/source";
import type { Finding } from "./rule";

/** A SQL file whose tool fills in placeholders before PostgreSQL reads it. */
export interface FilledSql {
  readonly parsed: ParsedSql;
  /** A finding with the placeholders as the file writes them. */
  shown<T extends Finding>(finding: T): T;
}

interface Hole {
  readonly start: number;
  readonly end: number;
  readonly written: string;
}

/**
 * Quotes, comments and casts, and placeholders outside of them: `${name}` of Flyway, of goose's ENVSUB and of envsubst,
 * `$NAME`, `{{ name }}`, `#{name}`, psql's and dbmate's `:name`, `:'name'` and `:"name"`, `%(name)s`, and `?`.
 */
const words =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)|\$(?:[a-z_]\w*)?\$|::|:=|(\$\{[^}\n]{0,200}\}|#\{[^}\n]{0,200}\}|\{\{[^}\n]{0,200}\}\}|:'\w+'|:"\w+"|(?<![\w\])]):[a-z_]\w*|%\(\w+\)s|\$[a-z_]\w*|(?<=[\s(,=])\?(?=[\s),;]|$))/gi;
const beforeName =
  /(\b(from|join|into|update|table|index|schema|only|as|by|set|on|to|role|user|exists|references|view|owner|type|function|policy|database)\s+|[."\w])$/i;

/** Parses a file. Where PostgreSQL can't read a statement, names and values stand in for its placeholders. */
export function parseFilled(source: Source): FilledSql {
  const { text } = source;
  const parsed = parseSql(source);
  const holes = parsed.isComplete ? [] : holesIn(text);
  if (holes.length === 0) return { parsed, shown: (finding) => finding };
  const names = new Map<string, string>();
  const parts: string[] = [];
  const unread: { readonly from: number; readonly to: number; readonly hole: Hole }[] = [];
  let next = 0;
  for (const { from, to } of piecesOf(text)) {
    const first = next;
    while ((holes[next]?.start ?? to) < to) next++;
    const own = holes.slice(first, next);
    const written = text.slice(from, to);
    const [hole] = own;
    const filled = hole ? fill(written, from, own, names) : written;
    if (hole && filled === undefined) unread.push({ from, to, hole });
    parts.push(filled ?? written);
  }
  const again = parseSql({ path: source.path, text: parts.join("") });
  const isUnread = ({ at }: Problem) => {
    const offset = startOfLine(source, at?.line ?? 1) + (at?.column ?? 1) - 1;
    return unread.some(({ from, to }) => from <= offset && offset <= to);
  };
  const [missing] = unread;
  return {
    parsed: {
      ...again,
      source,
      problems: [
        ...again.problems.filter((each) => !isUnread(each)),
        ...(missing ? [unfilled(source, missing.hole, unread.length)] : []),
      ],
    },
    shown(finding) {
      const { what, fix, at } = finding;
      const written = (message: string) =>
        [...names].reduce((all, [name, placeholder]) => all.replaceAll(name, placeholder), message);
      const { line, column = 1 } = at;
      const place = line === undefined ? at : placeAt(source, startOfLine(source, line) + column - 1);
      return { ...finding, what: written(what), fix: written(fix), at: place };
    },
  };
}

function holesIn(text: string): Hole[] {
  return [...text.matchAll(words)].flatMap(({ index, 1: written }) => {
    if (written === undefined) return [];
    const end = index + written.length;
    // A filled-in schema counts as the application's own, so its dot goes too.
    const isSchema = text[end] === "." && /(^|[\s(,])$/.test(text.slice(Math.max(index - 1, 0), index));
    return [{ start: index, end: isSchema ? end + 1 : end, written: isSchema ? "" : written }];
  });
}

/** The statement with a name, a value or blanks of the same length in each hole; undefined if none can be read. */
function fill(statement: string, from: number, holes: readonly Hole[], names: Map<string, string>): string | undefined {
  const isName = ({ start, end }: Hole) =>
    beforeName.test(statement.slice(Math.max(start - from - 40, 0), start - from)) ||
    /^["\w.(]/.test(statement.slice(end - from, end - from + 1));
  const attempts: readonly ((hole: Hole) => string)[] = [
    (hole) => statement.slice(hole.start - from, hole.end - from),
    (hole) => (isName(hole) ? nameFor(hole, names) : valueFor(hole)),
    (hole) => nameFor(hole, names),
    valueFor,
    () => "",
  ];
  for (const attempt of attempts) {
    const parts: string[] = [];
    let at = 0;
    for (const hole of holes) {
      const { start, end } = hole;
      parts.push(statement.slice(at, start - from), attempt(hole).padEnd(end - start));
      at = end - from;
    }
    const whole = parts.join("") + statement.slice(at);
    if (parseSql({ path: "", text: whole }).isComplete) return whole;
  }
  return undefined;
}

/** A name of the placeholder's letters and length, so that messages can show the placeholder instead. */
function nameFor({ written }: Hole, names: Map<string, string>): string {
  if (written === "") return "";
  if (/^:"/.test(written)) return `${written.slice(1)} `;
  const name = `_${written.slice(1).toLowerCase().replaceAll(/\W/g, "_")}`;
  names.set(name, written);
  return name;
}

function valueFor({ written }: Hole): string {
  if (written.startsWith(":'")) return `${written.slice(1)} `;
  // A parameter, which any type may have, needs two characters.
  return written.length > 1 ? "$1" : written && "0";
}

function unfilled(source: Source, hole: Hole, count: number): Problem {
  const { start, end } = hole;
  const others = count === 1 ? "" : `, and ${count - 1} more statements without theirs`;
  return {
    what: `PostgreSQL cannot read this statement without the value of \`${source.text.slice(start, end)}\`${others}: lint has judged the rest of the file`,
    fix: "Let the placeholder stand for a name or a value, or exclude the file in tenantry-lint.yaml",
    at: placeAt(source, start),
  };
}
