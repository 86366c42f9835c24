import { type Document, isMap, isNode, isScalar, isSeq, parseDocument, visit } from "yaml";
import { z } from "zod";
import type { Place, Problem } from "./problem";
import { placeAt, type Source } from "./source";
import { listNames, suggest } from "./suggestion";

type Path = readonly PropertyKey[];

/** A YAML file's value, and the places of its parts. */
interface YamlFile<T> {
  readonly value: T;
  /** The place of a key, or of the nearest existing part around it. */
  placeOf(...path: string[]): Place;
}

/** The expected form of a YAML file. */
interface YamlForm<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** The name of the file in messages: "The description". */
  readonly noun: string;
  /** True for values that messages must not show. If given, messages show no line of the file either. @default none */
  readonly secret?: (path: Path) => boolean;
  /** Converts the file's plain value to the input of the schema. @default the value itself */
  readonly select?: (value: unknown) => unknown;
}

/** The file's value, or all errors of syntax and form. */
export function parseYaml<Schema extends z.ZodType>(
  source: Source,
  form: YamlForm<Schema>,
): YamlFile<z.output<Schema>> | Problem[] {
  const document = parseDocument(withLineFeeds(source.text), { prettyErrors: false });
  const place = (offset: number) => (form.secret ? withoutText(placeAt(source, offset)) : placeAt(source, offset));
  if (document.errors.length > 0) {
    return document.errors.map((error) => ({
      what: `This is not YAML: ${error.message}`,
      fix: "Correct the YAML there, or just before it",
      at: place(error.pos[0]),
    }));
  }
  const resolved = resolveAliases(document);
  if ("alias" in resolved) {
    const { alias, ...problem } = resolved;
    return [{ ...problem, at: place(alias) }];
  }
  const plain = resolved.value ?? {};
  const result = form.schema.safeParse(form.select ? form.select(plain) : plain);
  if (!result.success) return result.error.issues.flatMap((issue) => toProblems(place, document, form, issue));
  return { value: result.data, placeOf: (...path) => place(keyOffset(document, path)) };
}

/** The document's plain value, or a problem with its aliases and the offset of one of them. */
export function resolveAliases(
  document: Document,
): { readonly value: unknown } | (Pick<Problem, "what" | "got" | "expected" | "fix"> & { readonly alias: number }) {
  let first: number | undefined;
  let unknown: { readonly name: string; readonly alias: number } | undefined;
  visit(document, {
    Alias(_, node, ancestors) {
      const alias = node.range?.[0] ?? 0;
      first ??= alias;
      const meant = node.resolve(document);
      // An alias inside its own value has no finite value.
      if (meant && !ancestors.includes(meant)) return undefined;
      unknown = { name: node.source, alias };
      return visit.BREAK;
    },
  });
  if (unknown) {
    const { name, alias } = unknown;
    return {
      what: "An alias refers to no value that ends before it",
      got: `*${name}`,
      fix: `Write \`&${name}\` before the value that is meant, or quote the text: "*${name}"`,
      alias,
    };
  }
  try {
    return { value: document.toJS({ maxAliasCount }) };
  } catch (error) {
    // The library throws this error if aliases of aliases multiply.
    if (!(error instanceof ReferenceError)) throw error;
    return {
      what: "The aliases of this file expand to more values than it may hold",
      expected: `at most ${maxAliasCount} copies of a value`,
      fix: "Write the values out",
      alias: first ?? 0,
    };
  }
}

const maxAliasCount = 100;

/** Converts line ends of CR alone, which YAML allows but the library reads as blanks. */
export function withLineFeeds(text: string): string {
  return text.replaceAll(/\r(?!\n)/g, "\n");
}

function withoutText({ text: _, ...place }: Place): Place {
  return place;
}

function toProblems(
  place: (offset: number) => Place,
  document: Document,
  form: YamlForm<z.ZodType>,
  issue: z.core.$ZodIssue,
): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(form, path, key, place(keyOffset(document, [...path, key]))));
  }
  const node = document.getIn(path, true);
  if (node === undefined && path.length > 0) {
    return [
      {
        what: `${shown(form, path)} is missing`,
        expected: issue.message,
        fix: `Add the key \`${String(path.at(-1))}\``,
        at: place(keyOffset(document, path)),
      },
    ];
  }
  return [
    {
      what: `${shown(form, path)} cannot be read`,
      got: JSON.stringify(withoutSecrets(form, path, plainValue(document, path) ?? null)).slice(0, 200),
      expected: issue.message,
      fix: "Write what is expected",
      at: place(isNode(node) ? (node.range?.[0] ?? 0) : keyOffset(document, path)),
    },
  ];
}

/** The value with `[secret]` in the place of each secret that it is or holds. */
function withoutSecrets(form: YamlForm<z.ZodType>, path: Path, value: unknown): unknown {
  if (form.secret?.(path)) return "[secret]";
  if (Array.isArray(value)) return value.map((item, index) => withoutSecrets(form, [...path, index], item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, withoutSecrets(form, [...path, key], inner)]),
    );
  }
  // A URL may hold a login.
  return typeof value === "string" ? value.replaceAll(/\/\/[^/\s]*@/g, "//[secret]@") : value;
}

function unknownKey(form: YamlForm<z.ZodType>, path: Path, key: string, at: Place): Problem {
  const known = knownKeys(form.schema, path);
  const meant = suggest(key, known);
  return {
    what: `${path.length > 0 ? `${shown(form, path)} has` : "There is"} no key \`${key}\``,
    expected: listNames(known),
    fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Remove the key",
    at,
  };
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The keys that the schema accepts at a path. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let at = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema | undefined;
  for (const key of path) at = childSchema(at, String(key));
  return [at, ...(at?.anyOf ?? [])].flatMap((each) => Object.keys(each?.properties ?? {}));
}

function childSchema(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  const own = schema?.properties?.[key] ?? schema?.additionalProperties ?? schema?.items;
  return own ?? schema?.anyOf?.map((each) => childSchema(each, key)).find((each) => each !== undefined);
}

function plainValue(document: Document, path: Path): unknown {
  if (path.length === 0) return document.toJS();
  const value = document.getIn(path);
  return isNode(value) ? value.toJS(document) : value;
}

function shown(form: YamlForm<z.ZodType>, path: Path): string {
  return path.length > 0 ? `\`${path.map(String).join(".")}\`` : form.noun;
}

/** The offset of the last key of the path, or of the last one that exists. */
export function keyOffset(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
      continue;
    }
    if (!isMap(node)) return offset;
    const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(key));
    if (!pair) return offset;
    offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
    node = pair.value;
  }
  return offset;
}
