import type { Client, DatabaseError } from "pg";
import type { Role } from "../../architecture/application";
import { eventsSchema } from "../../architecture/application-names";
import { hasOutbox, outbox } from "../../architecture/data-plane/outbox-table";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, judge, pass } from "../finding";
import { withLogin } from "../login";
import { loginOf, type Neighbour, type Target, tenantRelations } from "../target";

/** Tries, as each of a tenant's roles, to enter another tenant's schema or database, and to write in its name. */
export const tenantBoundaries: Check = {
  name: "tenant boundaries",
  scope: "tenant",
  claim: "a tenant's roles get into no other tenant's schema or database, and write in no other tenant's name",
  async run(target) {
    const { application, neighbours = [] } = target;
    const tenant = application.scope?.tenant?.name ?? application.schema;
    // Reads the rights on all other tenants, and really tries one: a different one for each tenant.
    const tried = neighbours.find(({ name }) => name > tenant) ?? neighbours[0];
    if (!tried) return [pass(tenant, "has no neighbour")];
    const findings: Finding[] = [];
    for (const role of application.roles) findings.push(await checkRole(target, role, neighbours, tried));
    return findings;
  },
};

async function checkRole(target: Target, role: Role, all: readonly Neighbour[], tried: Neighbour): Promise<Finding> {
  const isSilo = target.application.scope?.model === "silo";
  const wrong = isSilo ? await openDatabases(target, role, all) : await openSchemas(target, role, all);
  const login = loginOf(target, role);
  const attempts: Attempt[] = [];
  if (login) {
    const tryAll = (client: Client) => attemptsOf(client, target, tried, isSilo);
    attempts.push(...(await withLogin(target.endpoints.postgres, login, tryAll)));
    if (isSilo) attempts.push(await connectTo({ ...target, login }, tried));
  }
  wrong.push(...attempts.filter(({ held }) => !held).map(({ what, seen }) => `${what} (${seen})`));
  const others = `${all.length} other ${isSilo ? "databases" : "schemas"} closed`;
  const seen = login ? `${attempts.length} attempts at ${tried.name} refused` : "its login is not known here";
  return judge(role.user, wrong, `${others}; ${seen}`);
}

interface Attempt {
  readonly what: string;
  readonly held: boolean;
  /** Result of the attempt. */
  readonly seen: string;
}

/** insufficient_privilege: a missing privilege, or row level security. */
const refused = "42501";

async function attemptsOf(
  client: Client,
  target: Target,
  { id, schema }: Neighbour,
  isSilo: boolean,
): Promise<Attempt[]> {
  const { application } = target;
  const column = quoteIdentifier(application.tenant.column);
  const attempts: Attempt[] = [];
  const attempt = async (what: string, sql: string, values: readonly string[] = []) => {
    await client.query("BEGIN");
    try {
      await client.query("SELECT tenantry.set_tenant($1)", [id]);
      const { rowCount } = await client.query(sql, [...values]);
      attempts.push({ what, held: false, seen: `${rowCount} rows` });
    } catch (error) {
      const { code, message } = error as DatabaseError;
      attempts.push({ what, held: code === refused, seen: message });
    } finally {
      await client.query("ROLLBACK");
    }
  };
  if (!isSilo) {
    for (const { name } of tenantRelations(target)) {
      const table = quoteQualified(schema, name);
      await attempt(`reads ${schema}.${name}`, `SELECT 1 FROM ${table} LIMIT 1`);
      await attempt(`deletes from ${schema}.${name}`, `DELETE FROM ${table} WHERE ${column} = $1`, [id]);
    }
  }
  const aggregate = application.events.aggregates[0]?.name ?? "tenantry";
  const event = [id, aggregate, "tenantry-verify", "TenantryVerify", "{}"];
  await attempt("emits an event as another tenant", "SELECT tenantry.emit($1, $2, $3, $4, $5::jsonb)", event);
  if (!hasOutbox(application)) return attempts;
  const own = quoteQualified(eventsSchema(application), outbox.table);
  await attempt(
    "writes another tenant's event into its own outbox",
    `INSERT INTO ${own} (${column}, aggregate_type, aggregate_id, type, payload) VALUES ($1, $2, $3, $4, $5::jsonb)`,
    event,
  );
  return attempts;
}

async function connectTo(
  { endpoints, login }: Target & { readonly login: { readonly user: string; readonly password: string } },
  { database }: Neighbour,
): Promise<Attempt> {
  const what = `connects to ${database}`;
  try {
    await withLogin({ ...endpoints.postgres, database }, login, async () => {});
    return { what, held: false, seen: "it was let in" };
  } catch (error) {
    const { code, message } = error as DatabaseError;
    return { what, held: code === refused, seen: message };
  }
}

async function openSchemas({ admin }: Target, { user }: Role, all: readonly Neighbour[]): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname = ANY ($2)
     AND (has_schema_privilege($1, oid, 'USAGE') OR has_schema_privilege($1, oid, 'CREATE')) ORDER BY 1`,
    [user, all.map(({ schema }) => schema)],
  );
  return rows.map(({ name }) => `may use the schema ${name}`);
}

async function openDatabases({ admin }: Target, { user }: Role, all: readonly Neighbour[]): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname = ANY ($2) AND has_database_privilege($1, oid, 'CONNECT') ORDER BY 1`,
    [user, all.map(({ database }) => database)],
  );
  return rows.map(({ name }) => `may connect to the database ${name}`);
}
