import type { CodeText } from "./text";

/** Texts, names, comments and casts, in which nothing is a parameter; or a parameter as libraries write them. */
const words =
  /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|::|:=|(\?\?|:\w+:)|(\?|[:@](?:\.\.\.)?[a-z_]\w*)/gi;

/**
 * A query whose parameters a library numbers, as PostgreSQL gets it: `?`, `:id`, `:...ids` and `@id` become `$1`, and
 * the names `??` and `:name:` a name. Undefined where there are none.
 */
export function withNumbers({ text, offsets, holes }: CodeText): CodeText | undefined {
  const found = [...text.matchAll(words)].flatMap(({ index, 0: word, 2: name, 3: value }) => {
    const with_ = name !== undefined ? "_" : value !== undefined ? "$1" : undefined;
    return with_ === undefined ? [] : [{ start: index, end: index + word.length, with_ }];
  });
  if (found.length === 0) return undefined;
  let read = "";
  const places: number[] = [];
  const shifts: { readonly from: number; readonly by: number }[] = [];
  let at = 0;
  for (const { start, end, with_ } of found) {
    read += text.slice(at, start) + with_;
    places.push(...offsets.slice(at, start), ...Array.from(with_, () => offsets[start] ?? 0));
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
