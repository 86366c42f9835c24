import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type Description, descriptionJsonSchema, descriptionSchema } from "./description";
import type { Place, Problem } from "./problem";
import { placeAt, type Source } from "./source";
import { listNames, suggest } from "./suggestion";

type Path = readonly PropertyKey[];

/** `architecture.yaml`, and where each part of it stands. */
export interface ParsedDescription {
  readonly description: Description;
  /** The place of a key, or of the nearest part around it that is there. */
  placeOf(...path: string[]): Place;
}

/** The description, or everything that is wrong with its syntax or its shape. */
export function parseDescription(source: Source): ParsedDescription | Problem[] {
  const document = parseDocument(source.text, { lineCounter: new LineCounter(), prettyErrors: false });
  if (document.errors.length > 0) {
    return document.errors.map((error) => ({
      what: `This is not YAML: ${error.message}`,
      fix: "Correct the YAML at the caret, or just before it",
      at: placeAt(source, error.pos[0]),
    }));
  }
  const result = descriptionSchema.safeParse(document.toJS() ?? {});
  if (!result.success) return result.error.issues.flatMap((issue) => toProblems(source, document, issue));
  return { description: result.data, placeOf: (...path) => placeAt(source, keyOffset(document, path)) };
}

function toProblems(source: Source, document: Document, issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(path, key, placeAt(source, keyOffset(document, [...path, key]))));
  }
  const node = document.getIn(path, true);
  if (node === undefined && path.length > 0) {
    return [
      {
        what: `${shown(path)} is missing`,
        expected: issue.message,
        fix: `Add the key \`${String(path.at(-1))}\``,
        at: placeAt(source, keyOffset(document, path)),
      },
    ];
  }
  return [
    {
      what: `${shown(path)} cannot be read`,
      got: JSON.stringify(document.toJS() === null ? null : valueOf(document, path))?.slice(0, 200) ?? "nothing",
      expected: issue.message,
      fix: "Write what is expected",
      at: placeAt(source, isNode(node) ? (node.range?.[0] ?? 0) : keyOffset(document, path)),
    },
  ];
}

function unknownKey(path: Path, key: string, at: Place): Problem {
  const known = knownKeys(path);
  const meant = suggest(key, known);
  return {
    what: `${path.length > 0 ? `${shown(path)} has` : "There is"} no key \`${key}\``,
    expected: listNames(known),
    fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Remove the key",
    at,
  };
}

/** The keys that the schema knows at a path. */
function knownKeys(path: Path): string[] {
  let schema = descriptionJsonSchema() as JsonSchema | undefined;
  for (const key of path) schema = schema?.properties?.[String(key)] ?? schema?.additionalProperties;
  return Object.keys(schema?.properties ?? {});
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
}

function valueOf(document: Document, path: Path): unknown {
  const value = document.getIn(path);
  return isNode(value) ? value.toJS(document) : value;
}

function shown(path: Path): string {
  return path.length > 0 ? `\`${path.map(String).join(".")}\`` : "The description";
}

/** Where the key at the end of the path starts, or the last key before it that is there. */
function keyOffset(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (!isMap(node)) {
      const item = document.getIn(path, true);
      return isNode(item) ? (item.range?.[0] ?? offset) : offset;
    }
    const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(key));
    if (!pair) return offset;
    offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
    node = pair.value;
  }
  return offset;
}
