import type { CodeText } from "./code-text";

/** The parameter styles of libraries, other than PostgreSQL's own `$1`. */
export const placeholderStyles = ["?", ":name", "@name", "$<name>"] as const;
export type PlaceholderStyle = (typeof placeholderStyles)[number];

/** Patterns of a value, and of a name, for each style. */
const styles: Readonly<Record<PlaceholderStyle, { readonly value: RegExp; readonly name?: RegExp }>> = {
  "?": { value: /^\?$/, name: /^\?\?$/ },
  ":name": { value: /^:(\.\.\.)?\w+$/, name: /^:\w+:$/ },
  "@name": { value: /^@\w+$/ },
  "$<name>": {
    value: /^\$([<({[/]\w+(:\w+)?[>)}\]/]|\d+:\w+)$/,
    name: /^\$([<({[/]\w+(:name|~)[>)}\]/]|\d+(:name|~))$/,
  },
};

/** Matches texts, quoted names, comments and casts, in which nothing is filled in, and possible parameters. */
const words =
  /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|::|:=|(\?\??|:\w+:|[:@](?:\.\.\.)?[a-z_]\w*|\$[<({[/]\w+(?::\w+|~)?[>)}\]/]|\$\d+(?::\w+|~))/gi;

/**
 * The query with PostgreSQL's own parameters: `?`, `:id`, `:...ids`, `@id` and `$<id>` become `$1`, and `??`, `:name:`
 * and `$1:name` become a name. Undefined if the query uses none of the styles.
 */
export function withNumbers(
  { text, offsets, holes }: CodeText,
  known: readonly PlaceholderStyle[],
): CodeText | undefined {
  const chosen = known.map((each) => styles[each]);
  const found = [...text.matchAll(words)].flatMap(({ index, 0: word, 2: mark }) => {
    if (mark === undefined) return [];
    const isName = chosen.some(({ name }) => name?.test(mark));
    if (!isName && !chosen.some(({ value }) => value.test(mark))) return [];
    return [{ start: index, end: index + word.length, filling: isName ? "_" : "$1" }];
  });
  if (found.length === 0) return undefined;
  let read = "";
  const places: number[] = [];
  const shifts: { readonly from: number; readonly by: number }[] = [];
  let at = 0;
  for (const { start, end, filling } of found) {
    read += text.slice(at, start) + filling;
    places.push(...offsets.slice(at, start), ...Array.from(filling, () => offsets[start] ?? 0));
    at = end;
    shifts.push({ from: end, by: read.length - end });
  }
  const shifted = (position: number) => position + (shifts.findLast(({ from }) => from <= position)?.by ?? 0);
  return {
    text: read + text.slice(at),
    offsets: [...places, ...offsets.slice(at)],
    holes: holes.map(({ start, end }) => ({ start: shifted(start), end: shifted(end) })),
  };
}
