import { z } from "zod";
import type { ForeignKey, TenantType } from "../../architecture/application";
import type { Grants, Inputs } from "../../architecture/data-plane/declaration";
import type { PostgresNode } from "../../architecture/endpoints";
import { type Duration, durationExpected, parseDuration } from "../../common/duration";
import { maxIdentifierBytes } from "../../common/identifier";
import { formatInterval, type Interval } from "../partitions/interval";
import type { Properties } from "./properties";

/** Schemas that several resource handlers share. */

export const identifier = z
  .string()
  .min(1, "a name may not be empty")
  .refine(
    (name) => Buffer.byteLength(name) <= maxIdentifierBytes,
    `a name may have ${maxIdentifierBytes} bytes at most`,
  );

export const tenantType = z.enum(["uuid", "bigint", "integer", "text"]) satisfies z.ZodType<TenantType>;

export const foreignKey = z.object({
  name: identifier,
  columns: z.array(identifier).min(1),
  references: z.object({ schema: identifier, table: identifier, columns: z.array(identifier) }),
  actions: z.string(),
}) satisfies z.ZodType<ForeignKey>;

export const grants = z.record(
  identifier,
  z.array(z.enum(["SELECT", "INSERT", "UPDATE", "DELETE"])),
) satisfies z.ZodType<Grants>;

/** `SCHEMA.TABLE`. */
export const qualifiedName = z.string().regex(/^[^.]+\../, "expected SCHEMA.TABLE");

export const node = z.object({
  name: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
}) satisfies z.ZodType<PostgresNode>;

/** Parsed of text such as `1 month`; a program's every other text is refused. Drift is written back as it was found. */
export const duration = z.codec(z.string(), z.custom<Duration>(), {
  decode(text, context) {
    const parsed = parseDuration(text);
    if (parsed) return parsed;
    context.issues.push({ code: "custom", input: text, message: `expected ${durationExpected}` });
    return z.NEVER;
  },
  // zod encodes an optional property that is absent, too, and leaves it out.
  encode: (found: Interval | undefined) => (found ? formatInterval(found) : z.NEVER),
});

/** The properties that are durations. Pulumi carries, stores and shows them as text, and only here they become it and back. */
const durations: { readonly [Noun in keyof Inputs]?: readonly (keyof Inputs[Noun])[] } = {
  PartitionSet: ["every", "retention", "exportAfter"],
  ProcessedEvents: ["retention"],
  SchemaChange: ["soak"],
};

/** A resource's properties as Pulumi carries and stores them. */
export function toWire(noun: string, properties: object): Properties {
  return changeDurations(noun, { ...properties }, (value) =>
    typeof value === "object" && value !== null ? formatInterval(value as Interval) : value,
  );
}

/** A state as it was stored: what an older version wrote, or what was found of somebody's change, is read as well. */
export function fromWire(noun: string, properties: Properties): Properties {
  return changeDurations(noun, properties, (value) =>
    typeof value === "string" ? (parseDuration(value) ?? { printed: value }) : value,
  );
}

function changeDurations(noun: string, properties: Properties, change: (value: unknown) => unknown): Properties {
  const names: readonly string[] = durations[noun as keyof Inputs] ?? [];
  const changed = names.flatMap((name) => (name in properties ? [[name, change(properties[name])] as const] : []));
  return { ...properties, ...Object.fromEntries(changed) };
}
