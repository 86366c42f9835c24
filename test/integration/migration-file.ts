import { createHash } from "node:crypto";
import type { MigrationInputs } from "../../architecture/data-plane/declaration";

/** A file of migrations with these statements, ten lines apart. */
export function migrationFile(statements: readonly string[], more: Partial<MigrationInputs> = {}): MigrationInputs {
  return {
    path: "sql/shop/010_tables.sql",
    hash: createHash("sha256").update(statements.join()).digest("hex"),
    statements: statements.map((sql, index) => ({ sql, line: 10 * index + 1 })),
    transaction: true,
    schema: "shop",
    apply: "once",
    ...more,
  };
}
