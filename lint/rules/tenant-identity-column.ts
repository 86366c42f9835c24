import { toColumn } from "../../architecture/catalog/table-definition";
import { definedColumns } from "../ddl";
import type { Rule } from "../rule";

export const tenantIdentityColumn: Rule = {
  name: "tenant-identity-column",
  severity: "error",
  harm: "Each Citus node has a sequence of its own, and numbers tell tenants how much the others do.",
  check: (statements, context) =>
    definedColumns(statements, context)
      .filter(({ table, column, at }) => context.tables.isTenantTable(table) && toColumn(column, 0, at).sequence)
      .map(({ table, column, at }) => ({
        what: `Tenant table \`${table}\` numbers \`${column.colname}\` by a sequence: Citus refuses it, or each node counts by itself`,
        fix: "Use uuid with DEFAULT gen_random_uuid()",
        at,
      })),
};
