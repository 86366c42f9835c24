import { renderOutboxConnector } from "../connectors/outbox";
import type { Application, ReferenceTable, Table, TenantTable } from "./application";
import type { Declaration, Inputs } from "./declaration";
import { standardDefaults } from "./defaults";
import { type Duration, durationMs, formatDuration } from "./duration";
import type { PostgresNode } from "./endpoints";
import { outboxGrants, processedEventsGrants, referenceTableGrants, tenantTableGrants } from "./grants";
import { isolatedTenantProblems, tenantValue } from "./isolated-tenants";
import { eventsSchema, streamPrefix } from "./names";
import { outbox, outboxConnector, outboxSlot } from "./outbox";
import { refuseIfAny } from "./problem";
import { schemaMigration } from "./schema-migration";
import type { Settings } from "./settings";
import { hashOf } from "./source";
import type { SqlFile } from "./sql-file";
import { tenantDirectory } from "./tenancy/tenant-directory";

const coordinator = "coordinator";

/** The node of plain PostgreSQL, and of a stack whose servers are not known yet. */
export const onlyCoordinator: readonly PostgresNode[] = [{ name: coordinator, host: "localhost", port: 5432 }];

/** Partitions of the outbox made ahead, in days: so long may maintenance stand still. */
const outboxDaysAhead = 4;

/**
 * Everything that an application needs in the database and on Connect, in an order that works: each SQL file, then the
 * tables that it creates are placed, partitioned and isolated, before the next file runs.
 *
 * @param base the toolkit's own SQL, filled in for this application
 * @param nodes those that hold shards; each has its own slot and connector
 */
export function dataPlane(
  application: Application,
  base: readonly SqlFile[],
  settings: Settings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const plan = new Plan(application.part?.tenant?.name);
  const members = declareMembers(plan, settings, nodes);
  declareData(plan, application, base, settings);
  declareEvents(plan, application, settings);
  declareStreams(plan, application, settings, nodes, members);
  return plan.declarations;
}

/**
 * The same where each tenant has a schema of its own: what they share, then every tenant's tables and outbox beside each
 * other, then the slots and connectors, which read all outboxes.
 *
 * @param parts what `partsOf` makes for the model `schema`
 */
export function schemaDataPlane(
  parts: readonly Application[],
  baseOf: (part: Application) => readonly SqlFile[],
  settings: Settings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const [common, ...tenants] = parts;
  if (!common) return [];
  const plan = new Plan();
  const members = declareMembers(plan, settings, nodes);
  declareData(plan, common, baseOf(common), settings);
  plan.then("Migration", `${common.name}/tenants`, tenantDirectory(common, tenants));
  const forks = tenants.map((part) => {
    const fork = plan.fork(part.part?.tenant?.name);
    const { schema } = part;
    fork.then("TenantSchema", schema, { schema, tenant: part.part?.tenant?.name ?? schema });
    declareData(fork, part, baseOf(part), settings);
    declareEvents(fork, part, settings);
    return fork;
  });
  plan.join(forks);
  declareStreams(plan, common, settings, nodes, members);
  return plan.declarations;
}

function declareData(plan: Plan, application: Application, base: readonly SqlFile[], settings: Settings): void {
  const { part } = application;
  // A tenant's own functions come after its schema.
  const ofTenant = part?.model === "schema" && part.tenant;
  const migrate = (file: SqlFile, schema: string, apply: "once" | "onChange") =>
    plan.then("Migration", migrationName(file), migration(file, application, schema, apply));
  if (!ofTenant) for (const file of base) migrate(file, "tenantry", "onChange");
  plan.then("Migration", `${application.name}/schema`, ofPart(application, schemaMigration(application)));
  if (ofTenant) for (const file of base) migrate(file, "tenantry", "onChange");
  for (const file of application.files) {
    migrate(file, application.schema, "once");
    declareTables(plan, application, settings, tablesOf(application, file));
  }
}

/** Collects declarations; each step comes after all of the step before. */
class Plan {
  private current: string[] = [];

  constructor(
    /** To whom alone everything belongs. */
    private readonly tenant?: string,
    readonly declarations: Declaration[] = [],
    private before: string[] = [],
  ) {}

  /** A plan that goes on from here, beside others. */
  fork(tenant: string | undefined): Plan {
    this.next();
    return new Plan(tenant, this.declarations, this.before);
  }

  /** Goes on when all of these are done. */
  join(forks: readonly Plan[]): void {
    this.next();
    for (const fork of forks) fork.next();
    const ends = forks.flatMap(({ before }) => before);
    if (ends.length > 0) this.before = [...new Set(ends)];
  }

  /** Declares something in the current step. */
  add<Noun extends keyof Inputs>(
    noun: Noun,
    name: string,
    inputs: Inputs[Noun],
    after: readonly string[] = [],
  ): string {
    const { tenant } = this;
    const unique = tenant === undefined ? name : `${name}@${tenant}`;
    const before = [...new Set([...this.before, ...after])];
    const declaration = { noun, name: unique, inputs, ...(tenant !== undefined && { tenant }), after: before };
    // The type ties each noun to its inputs, which a generic parameter does too, though not for the compiler.
    this.declarations.push(declaration as unknown as Declaration);
    const id = `${noun}/${unique}`;
    this.current.push(id);
    return id;
  }

  /** Starts the next step. */
  next(): void {
    if (this.current.length === 0) return;
    this.before = this.current;
    this.current = [];
  }

  /** A step of one declaration. */
  then<Noun extends keyof Inputs>(noun: Noun, name: string, inputs: Inputs[Noun]): void {
    this.next();
    this.add(noun, name, inputs);
    this.next();
  }
}

/** Before any table: those are spread over the members. The coordinator is one by itself. Returns the others, by node. */
function declareMembers(
  plan: Plan,
  { platform }: Settings,
  nodes: readonly PostgresNode[],
): ReadonlyMap<PostgresNode, string> {
  const registeredBy = platform === "kubernetes" ? "patroni" : "tenantry";
  const workers = nodes.filter(({ name }) => name !== coordinator);
  return new Map(workers.map((node) => [node, plan.add("CitusNode", node.name, { node, registeredBy })]));
}

function migrationName({ path }: SqlFile): string {
  return path.replace(/^sql\//, "").replace(/\.sql$/, "");
}

function migration(
  file: SqlFile,
  application: Application,
  schema: string,
  apply: "once" | "onChange",
): Inputs["Migration"] {
  const { path, hash, statements, transaction } = file;
  return ofPart(application, { path, hash, statements, transaction, schema, apply });
}

/** Applied for each tenant by itself, which the ledger knows by path and content. */
function ofPart({ part }: Application, inputs: Inputs["Migration"]): Inputs["Migration"] {
  if (part?.model !== "schema" || !part.tenant) return inputs;
  const { name } = part.tenant;
  const hash = hashOf(`${name} ${inputs.hash}`);
  return { ...inputs, path: `${inputs.path}@${name}`, hash, sharedSchema: part.sharedSchema };
}

/** Reference tables first, then the tenant root, then its children; among these, a table after those that it refers to. */
function tablesOf({ tables, tenant }: Application, file: SqlFile): Table[] {
  const rank = (table: Table) => (table.kind === "reference" ? 0 : table.name === tenant.table ? 1 : 2);
  return tables.filter((table) => table.file === file.path).toSorted((a, b) => rank(a) - rank(b));
}

function declareTables(plan: Plan, application: Application, settings: Settings, tables: readonly Table[]): void {
  const placed = new Map<string, string>();
  for (const table of tables) {
    const after = table.foreignKeys.flatMap(({ references }) => placed.get(references.table) ?? []);
    const root = placed.get(application.tenant.table);
    if (table.kind === "reference") placed.set(table.name, declareReference(plan, application, table, after));
    if (table.kind === "tenant") {
      const inputs = distributed(application, settings, table);
      placed.set(table.name, plan.add("DistributedTable", nameOf(table), inputs, root ? [root, ...after] : after));
    }
  }
  for (const table of tables) {
    const id = placed.get(table.name);
    if (table.kind !== "tenant" || !id) continue;
    const set = table.partition
      ? [plan.add("PartitionSet", nameOf(table), partitionSet(table, table.partition), [id])]
      : [id];
    plan.add("TenantIsolation", nameOf(table), isolation(application, table), set);
  }
}

function declareReference(plan: Plan, application: Application, table: ReferenceTable, after: readonly string[]) {
  const { schema, name, foreignKeys } = table;
  const grants = referenceTableGrants(application, name);
  return plan.add("ReferenceTable", nameOf(table), { schema, table: name, foreignKeys, grants }, after);
}

function distributed(application: Application, settings: Settings, table: TenantTable): Inputs["DistributedTable"] {
  const { tenant, schema, part } = application;
  return {
    schema: table.schema,
    table: table.name,
    column: tenant.column,
    placement:
      part?.model === "schema"
        ? { withSchema: true }
        : table.name === tenant.table
          ? { shardCount: settings.shardCount }
          : { colocateWith: `${schema}.${tenant.table}` },
    foreignKeys: table.foreignKeys,
  };
}

function partitionSet(table: TenantTable, partition: NonNullable<TenantTable["partition"]>): Inputs["PartitionSet"] {
  const { by, every, ahead, retention } = partition;
  return {
    schema: table.schema,
    table: table.name,
    by,
    every: formatDuration(every),
    ahead,
    ...(retention && { retention: formatDuration(retention) }),
    dropAfter: "retention",
  };
}

function isolation(application: Application, { schema, name }: TenantTable): Inputs["TenantIsolation"] {
  return { schema, table: name, ...tenancyOf(application), grants: tenantTableGrants(application, name) };
}

function tenancyOf({ tenant: { column, type }, part }: Application) {
  return { column, type, ...(part?.tenant && { onlyTenant: part.tenant.id }) };
}

/** The outbox and the processed events, beside the tenants' tables. */
function declareEvents(plan: Plan, application: Application, settings: Settings): void {
  const { events, tenant, part } = application;
  const schema = eventsSchema(application);
  const own = part?.model === "schema";
  const placed = {
    ...(own && { schema }),
    column: tenant.column,
    type: tenant.type,
    ...(!own && { colocateWith: `${application.schema}.${tenant.table}` }),
  };
  const name = `${schema}.${outbox.table}`;
  plan.next();
  const table = plan.add("Outbox", name, {
    ...placed,
    maxPayloadBytes: events.maxPayload.bytes,
    publication: outbox.publication,
  });
  const set = plan.add("PartitionSet", name, outboxPartitions(schema, events.retention, settings), [table]);
  const tenancy = tenancyOf(application);
  const written = { schema, table: outbox.table, ...tenancy, grants: outboxGrants(application) };
  plan.add("TenantIsolation", name, written, [set]);
  const processed = { schema, table: "processed_events" };
  const processedName = `${processed.schema}.${processed.table}`;
  const memory = plan.add("ProcessedEvents", processedName, { ...placed, retention: processedRetention(application) });
  const remembered = { ...processed, ...tenancy, grants: processedEventsGrants(application) };
  plan.add("TenantIsolation", processedName, remembered, [memory]);
}

/** On each node the slot, then the connector that reads it. */
function declareStreams(
  plan: Plan,
  application: Application,
  settings: Settings,
  nodes: readonly PostgresNode[],
  members: ReadonlyMap<PostgresNode, string>,
): void {
  plan.next();
  // A slot that nobody reads keeps the server's WAL for ever.
  for (const node of application.events.aggregates.length === 0 ? [] : nodes) {
    const prefix = streamPrefix(application);
    const slot = outboxSlot(prefix, node);
    const connector = outboxConnector(prefix, node);
    const member = members.get(node);
    const made = plan.add("ReplicationSlot", slot, { node, slot }, member === undefined ? [] : [member]);
    plan.add("Connector", connector, renderOutboxConnector(application, settings, node), [made]);
  }
  // A tenant that has a place of its own needs no shard.
  if (!application.part) declareTenantShards(plan, application, settings);
  // Last: a node that joins is read before its first shard comes, and one that leaves until its last event is gone.
  if (settings.citus === "required" || members.size > 0) plan.then("ShardRebalance", application.name, { nodes });
}

/** When the outbox can be read: their shards are split, and what is in the log is read before. */
function declareTenantShards(plan: Plan, { schema, tenant }: Application, { isolatedTenants = [] }: Settings): void {
  refuseIfAny(isolatedTenantProblems(tenant.type, isolatedTenants));
  plan.next();
  for (const written of isolatedTenants) {
    const value = tenantValue(tenant.type, written);
    plan.then("TenantShard", value, { schema, table: tenant.table, type: tenant.type, tenant: value });
  }
}

function outboxPartitions(schema: string, retention: Duration, { defaults }: Settings): Inputs["PartitionSet"] {
  const { outboxInterval } = defaults ?? standardDefaults;
  return {
    schema,
    table: outbox.table,
    by: "created_at",
    every: formatDuration(outboxInterval),
    ahead: Math.ceil((outboxDaysAhead * 86_400_000) / durationMs(outboxInterval)),
    retention: formatDuration(retention),
    dropAfter: "slots",
  };
}

/** Twice as long as any topic keeps an event, so that a replay of a whole topic finds what was processed. */
function processedRetention({ events }: Application): string {
  const longest = [events.retention, ...events.aggregates.map(({ retention }) => retention)].toSorted(
    (a, b) => durationMs(b) - durationMs(a),
  )[0];
  const { count, unit } = longest ?? events.retention;
  return formatDuration({ count: 2 * count, unit });
}

function nameOf({ schema, name }: Table): string {
  return `${schema}.${name}`;
}
