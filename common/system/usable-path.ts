import { Problems } from "../problem";

/** Characters that a format of the servers misreads in a path and can't escape. */
const readers: readonly { readonly sign: RegExp; readonly name: string; readonly reader: string }[] = [
  { sign: /,/, name: "a comma", reader: "Kafka reads it as the end of a folder" },
  { sign: /:/, name: "a colon", reader: "Java's class path reads it as the end of a folder" },
  { sign: /\}/, name: "a closing brace", reader: "Connect reads it as the end of a reference to a secret" },
  { sign: /["\\]/, name: "a quote or backslash", reader: "Java's login configuration reads it as the end of a text" },
  { sign: /\p{Cc}/u, name: "a control character", reader: "it ends a line of a configuration" },
];

/** Throws Problems for a path that the servers can't use. Spaces and letters of any script are accepted. */
export function requireUsablePath(path: string, purpose: string, fix: string): void {
  const found = readers.filter(({ sign }) => sign.test(path));
  if (found.length === 0) return;
  throw new Problems([
    {
      what: `The embedded servers can't use this path as ${purpose}`,
      got: `${JSON.stringify(path)}, with ${found.map(({ name, reader }) => `${name} (${reader})`).join(" and ")}`,
      expected: 'a path without , : } " \\ and control characters',
      fix,
    },
  ]);
}
