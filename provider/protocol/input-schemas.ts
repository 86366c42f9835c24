import { z } from "zod";
import type { ForeignKey, TenantType } from "../../architecture/application";
import type { Grants } from "../../architecture/data-plane/declaration";
import type { PostgresNode } from "../../architecture/endpoints";
import { maxIdentifierBytes } from "../../common/identifier";

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
