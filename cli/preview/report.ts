import { fromWire } from "../../provider/protocol/input-schemas";
import { resourceHandlers } from "../../provider/protocol/resource-handlers";
import { dangersOf } from "./dangers";
import type { Change, Digest, Properties, Verb } from "./digest";
import { isSensitive, redacted } from "./redacted";

/** A preview for review, with the most dangerous changes first. */
export interface PreviewReport {
  readonly stack: string | undefined;
  readonly counts: Readonly<Partial<Record<Verb, number>>>;
  readonly unchanged: number;
  readonly destructive: readonly (Named & { readonly dangers: readonly string[] })[];
  readonly sql: readonly (Named & { readonly lines: readonly string[] })[];
  readonly changes: readonly (Named & { readonly properties: readonly Difference[] })[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export interface Named {
  readonly verb: Verb;
  readonly type: string;
  readonly name: string;
}

/** A property that differs. It has no values if these are long, structured or possibly secret. */
export interface Difference {
  readonly path: string;
  readonly from?: string;
  readonly to?: string;
}

export function reportOf(digest: Digest): PreviewReport {
  const { stack, changes, unchanged, errors, warnings, allow } = digest;
  const named = ({ verb, type, name }: Change): Named => ({ verb, type, name });
  const resources = changes.filter(({ type }) => !type.startsWith("pulumi:pulumi:"));
  const counts: Partial<Record<Verb, number>> = {};
  for (const { verb } of resources) counts[verb] = (counts[verb] ?? 0) + 1;
  const sql = resources.map((change) => ({ ...named(change), lines: linesOf(change) }));
  const destructive = resources.map((change) => ({ ...named(change), dangers: dangersOf(change, allow) }));
  return {
    stack,
    counts,
    unchanged,
    destructive: destructive.filter(({ dangers }) => dangers.length > 0),
    sql: sql.filter(({ lines }) => lines.length > 0),
    changes: resources.map((change) => ({ ...named(change), properties: differencesOf(change) })),
    errors,
    warnings,
  };
}

/** The SQL of a change. Pulumi does not ask providers for a delete's SQL, so our handlers compute it from the state. */
function linesOf({ verb, type, old, told }: Change): string[] {
  const handler = type.startsWith("tenantry:index:")
    ? resourceHandlers.get(type.slice("tenantry:index:".length))
    : undefined;
  const removal =
    handler && old && (verb === "delete" || verb === "replace")
      ? removalOf(handler.preview, fromWire(handler.noun, old))
      : [];
  return [...removal.map(redacted), ...told.flatMap((text) => text.split("\n"))];
}

/** The SQL of a delete, if the state has the needed values; the state of an older version may lack some. */
function removalOf(preview: (old: object, next: undefined) => readonly string[], old: Properties): readonly string[] {
  try {
    return preview(old, undefined);
  } catch {
    return ["-- the SQL is unknown, because an older version wrote the state"];
  }
}

function differencesOf({ verb, type, old, next, paths }: Change): Difference[] {
  if (verb !== "update" && verb !== "replace") return [];
  const isSecret = type.endsWith(":Secret") || type.startsWith("pulumi:providers:");
  return paths.map((path) => {
    const [from, to] = [shown(valueAt(old, path)), shown(valueAt(next, path))];
    if (isSecret || isSensitive(path)) return { path };
    return { path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  });
}

/** The value at a path such as `spec.containers[0].image` or `metadata.annotations["a.b/c"]`. */
function valueAt(properties: Properties | undefined, path: string): unknown {
  const keys = [...path.matchAll(/\["([^"]+)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) => {
    return quoted ?? index ?? name ?? "";
  });
  return keys.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Properties)[key] : undefined),
    properties,
  );
}

const longest = 60;

function shown(value: unknown): string | undefined {
  if (!["string", "number", "boolean"].includes(typeof value)) return undefined;
  const text = redacted(JSON.stringify(value));
  return text.length > longest ? undefined : text;
}
