import { roleUser } from "../architecture/application-names";
import type { Catalog } from "../architecture/catalog/catalog";
import { buildCatalog } from "../architecture/catalog/catalog-builder";
import { isWritable, kindOf, ownEntry, type TableKind } from "../architecture/checks/check";
import type { Description } from "../architecture/description";
import { withoutTransaction } from "../architecture/sql/sql-file";
import type { ParsedSql } from "../architecture/sql/sql-parser";
import { createdBy } from "./ddl";
import { policiesAfter } from "./policies";
import type { FileContext, TableFacts } from "./rule";

const defaultTenantColumn = "tenant_id";

/** The tables that all files together define. The compiler, not lint, reports other problems in them. */
export function readTables(
  files: readonly ParsedSql[],
  schema: string,
  description: Description | undefined,
  { citus = false, application = schema }: { readonly citus?: boolean; readonly application?: string } = {},
): TableFacts {
  const { catalog } = buildCatalog(files, schema);
  const tenantColumn = description?.tenant.column ?? defaultTenantColumn;
  const parents = parentsOf(catalog);
  const kindOfTable = (name: string): TableKind | undefined => {
    const table = parents.get(name) ?? name;
    if (description) return kindOf(description, table);
    return catalog.tables.get(table)?.columns.has(tenantColumn) ? "tenant" : undefined;
  };
  return {
    schema,
    tenantColumn,
    roles: new Map(description && rolesOf(application, description)),
    catalog,
    policies: policiesAfter(
      files.flatMap(({ statements }) => statements),
      schema,
    ),
    citus,
    kindOf: kindOfTable,
    isTenantTable: (name) => kindOfTable(name) === "tenant",
    isUndescribed: (name) => {
      const table = parents.get(name) ?? name;
      return description !== undefined && kindOf(description, table) === undefined && !ownEntry(description, table);
    },
    partitionColumn(name) {
      const declared = description && ownEntry(description, name)?.partition?.by;
      const { strategy, columns } = catalog.tables.get(name)?.partitioning ?? {};
      return declared ?? (strategy === "range" ? columns?.[0] : undefined);
    },
  };
}

/** The parent table of every partition that the files create. */
function parentsOf({ tables }: Catalog): ReadonlyMap<string, string> {
  return new Map(
    [...tables.values()].flatMap(({ name, partitions }) => partitions.map((each) => [each.name, name] as const)),
  );
}

function rolesOf(application: string, description: Description) {
  const writable = [...Object.keys(description.tables), description.tenant.table].filter((table) =>
    isWritable(description, table),
  );
  return Object.entries(description.roles).map(([name, { reads, writes = [] }]) => {
    const rights = {
      reads: reads ?? (writes === "all" ? ("all" as const) : []),
      writes: writes === "all" ? writable : writes,
    };
    return [roleUser(application, name), rights] as const;
  });
}

export function contextOf(
  { source, statements }: ParsedSql,
  tables: TableFacts,
  {
    unwrapped = withoutTransaction(source.text),
    ...run
  }: { readonly unwrapped?: boolean } & Pick<FileContext, "migration" | "mayBegin">,
): FileContext {
  const created = createdBy(statements, tables);
  return { transaction: !unwrapped, ...run, created, tables };
}
