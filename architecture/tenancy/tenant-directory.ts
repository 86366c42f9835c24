import { quoteLiteral } from "../../common/identifier";
import { hashOf } from "../../common/source";
import type { Application } from "../application";
import type { MigrationInputs } from "../data-plane/declaration";

/**
 * The toolkit's functions for all tenants of the model `schema`. They call the functions in the tenant's schema, so
 * that an application writes the same SQL in every model. They run with the caller's rights, which do not reach another
 * tenant's schema.
 */
export function tenantDirectory(application: Application, applications: readonly Application[]): MigrationInputs {
  const { name, tenant } = application;
  const { type } = tenant;
  const cases = applications.flatMap(({ schema, scope }) =>
    scope?.tenant ? [`    WHEN ${quoteLiteral(scope.tenant.id)}::${type} THEN ${quoteLiteral(schema)}`] : [],
  );
  const statements = [
    // A function instead of a table is the same on every node, and needs no read.
    `CREATE OR REPLACE FUNCTION tenantry.tenant_schema(tenant ${type}) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ${cases.length > 0 ? `CASE tenant\n${cases.join("\n")}\n  END` : "NULL::text"}`,
    dispatch(
      `emit(tenant ${type}, aggregate_type text, aggregate_id text, type text, payload jsonb)`,
      "uuid",
      "SELECT %I.emit($1, $2, $3, $4, $5)",
      "tenant, aggregate_type, aggregate_id, type, payload",
    ),
    dispatch(
      `process_once(tenant ${type}, consumer text, event_id uuid)`,
      "boolean",
      "SELECT %I.process_once($1, $2, $3)",
      "tenant, consumer, event_id",
    ),
    dispatch(
      `provide_tenant_key(tenant ${type}, key_id uuid, wrapped text, master_key text)`,
      "jsonb",
      "SELECT %I.provide_tenant_key($1, $2, $3, $4)",
      "tenant, key_id, wrapped, master_key",
    ),
    dispatch(
      `emit_claim(tenant ${type}, aggregate_type text, aggregate_id text, type text, dataref text, datasha256 text, databytes bigint, datakey uuid, datacontenttype text)`,
      "uuid",
      "SELECT %I.emit_claim($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      "tenant, aggregate_type, aggregate_id, type, dataref, datasha256, databytes, datakey, datacontenttype",
    ),
    dispatch(
      `open_claim(tenant ${type}, datasha256 text, datakey uuid)`,
      "jsonb",
      "SELECT %I.open_claim($1, $2, $3)",
      "tenant, datasha256, datakey",
    ),
  ];
  return {
    path: `sql/${name}/tenants`,
    hash: hashOf(statements.join(";\n")),
    statements: statements.map((sql) => ({ sql, line: 1 })),
    transaction: true,
    schema: "tenantry",
    apply: "onChange",
  };
}

function dispatch(signature: string, returns: string, call: string, values: string): string {
  return `CREATE OR REPLACE FUNCTION tenantry.${signature} RETURNS ${returns}
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  home CONSTANT text := tenantry.tenant_schema(tenant);
  result ${returns};
BEGIN
  IF home IS NULL THEN
    RAISE EXCEPTION 'tenant % has no schema here', coalesce(tenant::text, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Add it to tenantry:tenants of the stack, and run tenantry up.';
  END IF;
  EXECUTE format('${call}', home) INTO result USING ${values};
  RETURN result;
END
$$`;
}
