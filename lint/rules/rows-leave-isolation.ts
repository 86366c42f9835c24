import type {
  CopyStmt,
  CreateExtensionStmt,
  CreateFunctionStmt,
  CreateStmt,
  CreateTableAsStmt,
  FuncCall,
  InsertStmt,
  IntoClause,
  Node,
  SelectStmt,
} from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { findHarms, type Harm, type HarmChecks } from "../harm";
import type { FileContext, Rule } from "../rule";
import { isServerFunction } from "../server-functions";
import { holdsTenants, shownName, tenantTablesIn } from "../tenant-relations";

export const rowsLeaveIsolation: Rule = {
  name: "rows-leave-isolation",
  severity: "error",
  harm: "A copy of tenants' rows has no isolation; files, programs and other servers know no tenants.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) => findHarms(statements, context, checks),
};

const outside = "Bring the data in by INSERT, or by a client of its own that the network lets through";

const checks: HarmChecks = {
  SelectStmt(select: SelectStmt, context) {
    return select.intoClause && copies(select.intoClause, { ...select, intoClause: undefined }, context);
  },
  CreateTableAsStmt({ into, query, objtype }: CreateTableAsStmt, context) {
    return objtype === "OBJECT_TABLE" && into ? copies(into, query, context) : undefined;
  },
  CreateStmt({ relation, inhRelations, partbound }: CreateStmt, context) {
    const parent = (inhRelations ?? []).find((each) => "RangeVar" in each && holdsTenants(context, each.RangeVar));
    if (!parent || partbound || !("RangeVar" in parent)) return undefined;
    return {
      what: `\`${relation?.relname}\` inherits from ${shownName(parent.RangeVar.relname)}, whose rows it then holds without a policy of its own`,
      fix: "Write PARTITION OF, or a table of its own",
    };
  },
  InsertStmt({ relation, selectStmt }: InsertStmt, context) {
    const { tables } = context;
    const isShared = tables.kindOf(relation?.relname ?? "") === "reference" || elsewhere(relation?.schemaname, context);
    const read = isShared ? tenantTablesIn(context, selectStmt) : [];
    if (read.length === 0) return undefined;
    return {
      what: `Rows of ${read.join(", ")} are copied to \`${relation?.relname}\`, which no policy isolates`,
      fix: "Insert into a tenant table",
    };
  },
  CopyStmt({ is_program, filename, is_from, relation }: CopyStmt) {
    if (is_program) return { what: "COPY … PROGRAM runs a command on the server", fix: outside };
    if (filename === undefined) return undefined;
    const table = shownName(relation?.relname ?? undefined);
    const what = is_from
      ? `COPY reads a file of the server into ${table}`
      : `COPY writes rows of ${table} to a file of the server`;
    return { what, fix: outside };
  },
  CreateExtensionStmt({ extname = "" }: CreateExtensionStmt) {
    if (trusted.has(extname)) return undefined;
    return {
      what: `Extension \`${extname}\` is none that PostgreSQL trusts: what it brings runs with a superuser's rights`,
      fix: `Use one of ${[...trusted].slice(0, 4).join(", ")} and the like, or let the platform create it`,
    };
  },
  CreatePLangStmt: () => ({ what: "A procedural language may run anything on the server", fix: "Use SQL or PL/pgSQL" }),
  CreateFunctionStmt({ options }: CreateFunctionStmt) {
    const language = definition(options, "language");
    if (language === undefined || !/^(c|internal|plpython[23]?u|plperlu|pltclu|plsh)$/i.test(language))
      return undefined;
    return {
      what: `A function in ${language} runs outside of every policy, as the server`,
      fix: "Use SQL or PL/pgSQL",
    };
  },
  CreateFdwStmt: () => leaves("A foreign data wrapper"),
  CreateForeignServerStmt: () => leaves("A foreign server"),
  CreateForeignTableStmt: () => leaves("A foreign table"),
  ImportForeignSchemaStmt: () => leaves("A foreign schema"),
  CreateUserMappingStmt: () => leaves("A user mapping"),
  CreateSubscriptionStmt: () => leaves("A subscription"),
  FuncCall({ funcname }: FuncCall) {
    const name = strings(funcname).at(-1) ?? "";
    return isServerFunction(name)
      ? {
          what: `${name}() reaches past the database's rows: files, other servers, other sessions or the stream`,
          fix: "Remove the call",
        }
      : undefined;
  },
};

/** Extensions that PostgreSQL's own distribution marks as trusted, and those that the toolkit creates. */
const trusted: ReadonlySet<string> = new Set([
  "citext",
  "pgcrypto",
  "pg_trgm",
  "btree_gist",
  "btree_gin",
  "cube",
  "dict_int",
  "fuzzystrmatch",
  "hstore",
  "intarray",
  "isn",
  "lo",
  "ltree",
  "plpgsql",
  "seg",
  "tablefunc",
  "tcn",
  "tsm_system_rows",
  "tsm_system_time",
  "unaccent",
  "uuid-ossp",
  "vector",
  "citus",
  "pg_partman",
]);

function copies(into: IntoClause, query: unknown, context: FileContext): Harm | undefined {
  if (into.rel?.relpersistence === "t") return undefined;
  const read = tenantTablesIn(context, query);
  if (read.length === 0) return undefined;
  return {
    what: `\`${into.rel?.relname}\` becomes a copy of rows of ${read.join(", ")} that no policy isolates`,
    fix: "Write CREATE TABLE with the tenant column, add it to architecture.yaml, then INSERT … SELECT",
  };
}

function elsewhere(schema: string | undefined, { tables }: FileContext): boolean {
  return schema !== undefined && schema !== tables.schema && schema !== "pg_temp" && schema !== "tenantry";
}

function leaves(what: string): Harm {
  return { what: `${what} connects the tables to another server, which knows no tenants`, fix: outside };
}

function definition(options: readonly Node[] | undefined, name: string): string | undefined {
  const found = (options ?? []).find((each) => "DefElem" in each && each.DefElem.defname === name);
  const arg = found && "DefElem" in found ? found.DefElem.arg : undefined;
  return arg && "String" in arg ? arg.String.sval : undefined;
}
