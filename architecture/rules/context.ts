import { buildCatalog } from "../catalog-builder";
import { kindOf, ownEntry } from "../checks/check";
import type { Description } from "../description";
import { withoutTransaction } from "../sql-file";
import type { ParsedSql } from "../sql-parser";
import { createdBy } from "./ddl";
import type { FileContext, TableFacts } from "./rule";

const defaultTenantColumn = "tenant_id";

/** What all files together say of their tables; what is wrong with them otherwise is the compiler's to say. */
export function readTables(
  files: readonly ParsedSql[],
  schema: string,
  description: Description | undefined,
): TableFacts {
  const { catalog } = buildCatalog(files, schema);
  const tenantColumn = description?.tenant.column ?? defaultTenantColumn;
  return {
    tenantColumn,
    catalog,
    isTenantTable: (name) =>
      description
        ? kindOf(description, name) === "tenant"
        : (catalog.tables.get(name)?.columns.has(tenantColumn) ?? false),
    partitionColumn(name) {
      const declared = description && ownEntry(description, name)?.partition?.by;
      const { strategy, columns } = catalog.tables.get(name)?.partitioning ?? {};
      return declared ?? (strategy === "range" ? columns?.[0] : undefined);
    },
  };
}

export function contextOf({ source, statements }: ParsedSql, tables: TableFacts, migration: boolean): FileContext {
  return { transaction: !withoutTransaction(source.text), migration, created: createdBy(statements), tables };
}
