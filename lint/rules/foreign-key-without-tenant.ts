import type { Rule } from "../rule";

export const foreignKeyWithoutTenant: Rule = {
  name: "foreign-key-without-tenant",
  severity: "error",
  harm: "A foreign key between tenant tables that leaves the tenant out points across tenants and nodes: Citus refuses it.",
  check: (statements, { tables: { catalog, tenantColumn, isTenantTable } }) => {
    const file = statements[0]?.source.path;
    return [...catalog.tables.values()].flatMap((table) =>
      table.foreignKeys
        .filter(({ at, columns, references }) => {
          const both = isTenantTable(table.name) && isTenantTable(references.table);
          return at.file === file && both && !columns.includes(tenantColumn);
        })
        .map(({ references, at }) => ({
          what: `The foreign key of \`${table.name}\` to \`${references.table}\` leaves \`${tenantColumn}\` out: it points across tenants and nodes`,
          fix: `Write FOREIGN KEY (${tenantColumn}, …) REFERENCES ${references.table} (${tenantColumn}, …)`,
          at,
        })),
    );
  },
};
