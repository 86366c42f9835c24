import { z } from "zod";
import { type Problem, Problems } from "../../common/problem";
import { redacted } from "./redacted";

/** The operation on a resource. */
export type Verb = "create" | "update" | "replace" | "delete" | "import";

/** One resource that a preview would change. */
export interface Change {
  readonly verb: Verb;
  readonly urn: string;
  /** Such as `tenantry:index:PartitionSet`. */
  readonly type: string;
  readonly name: string;
  /** The present properties; undefined for a new resource. */
  readonly old: Properties | undefined;
  /** The new properties; undefined for a deleted resource. */
  readonly next: Properties | undefined;
  /** Paths of the properties that differ, sorted. */
  readonly paths: readonly string[];
  /** The provider's messages about it: SQL or REST calls, and remarks as SQL comments. */
  readonly told: readonly string[];
}

export type Properties = Readonly<Record<string, unknown>>;

/** The content of `pulumi preview --json`. */
export interface Digest {
  /** Undefined if the preview failed before the first resource. */
  readonly stack: string | undefined;
  readonly changes: readonly Change[];
  readonly unchanged: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Opt-ins in `tenantry:allow`. */
  readonly allow: ReadonlySet<string>;
}

const properties = z.record(z.string(), z.unknown());
const resourceState = z.object({ inputs: properties.optional(), outputs: properties.optional() });
const step = z.object({
  op: z.string(),
  urn: z.string(),
  oldState: resourceState.optional(),
  newState: resourceState.optional(),
  detailedDiff: properties.nullish(),
});
type Step = z.output<typeof step>;
const diagnostic = z.object({ urn: z.string().optional(), message: z.string(), severity: z.string() });
const preview = z.object({
  config: z.record(z.string(), z.unknown()).nullish(),
  steps: z.array(step).nullish(),
  diagnostics: z.array(diagnostic).nullish(),
  changeSummary: z.record(z.string(), z.number()).nullish(),
});

const verbs: Readonly<Record<string, Verb>> = {
  create: "create",
  update: "update",
  delete: "delete",
  import: "import",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "import-replacement": "replace",
};

/** Parses the output of `pulumi preview --json`. Throws Problems for other text. */
export function parseDigest(text: string, file: string): Digest {
  const parsed = preview.safeParse(jsonOf(text));
  if (!parsed.success || (!parsed.data.steps && !parsed.data.diagnostics))
    throw new Problems([notAPreview(text, file)]);
  const { config, steps, diagnostics, changeSummary } = parsed.data;
  const messages = (diagnostics ?? []).map(({ message, ...rest }) => ({ ...rest, message: redacted(message).trim() }));
  const told = (urn: string) => messages.filter((each) => each.urn === urn && each.severity === "info");
  const of = (severity: string) => messages.filter((each) => each.severity === severity).map(({ message }) => message);
  return {
    stack: steps?.[0]?.urn.split(":")[2],
    changes: [...byResource(steps ?? [])].map(([urn, found]) =>
      changeOf(
        urn,
        found,
        told(urn).map(({ message }) => message),
      ),
    ),
    unchanged: changeSummary?.same ?? 0,
    errors: of("error").map((message) => message.replace(/^error: /, "")),
    warnings: of("warning").map((message) => message.replace(/^warning: /, "")),
    allow: new Set(listOf(config?.["tenantry:allow"])),
  };
}

/** Groups the steps by resource, because a replacement has several. Leaves out unchanged resources. */
function byResource(steps: readonly Step[]): Map<string, Step[]> {
  const found = new Map<string, Step[]>();
  for (const each of steps.filter(({ op }) => op in verbs)) found.set(each.urn, [...(found.get(each.urn) ?? []), each]);
  return found;
}

function changeOf(urn: string, steps: readonly Step[], told: readonly string[]): Change {
  const wanted = steps.map(({ op }) => verbs[op] ?? "update");
  const [type = "", name = ""] = [urn.split("::")[2]?.split("$").at(-1), urn.split("::").slice(3).join("::")];
  const old = steps.find(({ oldState }) => oldState)?.oldState;
  const next = steps.find(({ newState }) => newState)?.newState;
  return {
    verb: wanted.find((verb) => verb === "replace") ?? wanted[0] ?? "update",
    urn,
    type,
    name,
    old: old && { ...old.inputs, ...old.outputs },
    next: next?.inputs,
    paths: [...new Set(steps.flatMap(({ detailedDiff }) => Object.keys(detailedDiff ?? {})))].sort(),
    told,
  };
}

/** Finds the JSON object in the text, because the CLI prints warnings before and after it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): readonly string[] {
  const parsed = typeof value === "string" ? jsonList(value) : value;
  return Array.isArray(parsed) ? parsed.filter((each): each is string => typeof each === "string") : [];
}

function jsonList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notAPreview(text: string, file: string): Problem {
  const [first = ""] = redacted(text).trim().split("\n", 1);
  return {
    what: "This is not what `pulumi preview --json` prints",
    got: first === "" ? "nothing" : first.slice(0, 200),
    expected: "a JSON object with `steps` and `diagnostics`",
    fix: "Run `tenantry preview -s STACK --json > preview.json`, check its standard error, and give that file",
    at: { file },
  };
}
