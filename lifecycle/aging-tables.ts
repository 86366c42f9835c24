import type { Application } from "../architecture/application";
import { eventsSchema } from "../architecture/application-names";
import type { TableName } from "../provider/postgres/live-tables";

/** A table whose rows age: they leave the database for the store. */
export interface AgingTable extends TableName {
  readonly tenantColumn: string;
  /** The column of the row's time. */
  readonly by: string;
  readonly primaryKey: readonly string[];
  /** The tables that its foreign keys refer to, as far as they age, too. */
  readonly refersTo: readonly TableName[];
}

/** The tables of an application that age, each behind those that its foreign keys refer to. */
export function agingTablesOf({ tables, tenant }: Application): AgingTable[] {
  const aging = tables.flatMap((table) =>
    table.kind === "tenant" && table.partition?.tiers ? [{ ...table, partition: table.partition }] : [],
  );
  return aging.map(({ schema, name, partition, primaryKey, foreignKeys }) => ({
    schema,
    table: name,
    tenantColumn: tenant.column,
    by: partition.by,
    primaryKey,
    refersTo: foreignKeys
      .map(({ references }) => ({ schema: references.schema, table: references.table }))
      .filter((target) => aging.some((each) => each.name === target.table && each.schema === target.schema)),
  }));
}

/** The schemas with events of an application: one, or none for the tables that tenants share. */
export function eventSchemasOf(application: Application): string[] {
  const { scope } = application;
  return scope?.model === "schema" && !scope.tenant ? [] : [eventsSchema(application)];
}
