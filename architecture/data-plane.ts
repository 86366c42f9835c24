import { renderOutboxConnector } from "../connectors/outbox";
import type { Application, ReferenceTable, Table, TenantTable } from "./application";
import type { Declaration, Inputs } from "./declaration";
import { standardDefaults } from "./defaults";
import { type Duration, durationMs, formatDuration } from "./duration";
import type { PostgresNode } from "./endpoints";
import { outboxGrants, processedEventsGrants, referenceTableGrants, tenantTableGrants } from "./grants";
import { isolatedTenantProblems, tenantValue } from "./isolated-tenants";
import { outbox, outboxConnector, outboxSlot } from "./outbox";
import { refuseIfAny } from "./problem";
import { schemaMigration } from "./schema-migration";
import type { Settings } from "./settings";
import type { SqlFile } from "./sql-file";

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
  const plan = new Plan();
  const members = declareMembers(plan, settings, nodes);
  for (const file of base) plan.then("Migration", migrationName(file), migration(file, "tenantry", "onChange"));
  plan.then("Migration", `${application.name}/schema`, schemaMigration(application));
  for (const file of application.files) {
    plan.then("Migration", migrationName(file), migration(file, application.schema, "once"));
    declareTables(plan, application, settings, tablesOf(application, file));
  }
  declareEvents(plan, application, settings, nodes, members);
  declareTenantShards(plan, application, settings);
  // Last: a node that joins is read before its first shard comes, and one that leaves until its last event is gone.
  if (settings.citus === "required" || members.size > 0) plan.then("ShardRebalance", application.name, { nodes });
  return plan.declarations;
}

/** Collects declarations; each step comes after all of the step before. */
class Plan {
  readonly declarations: Declaration[] = [];
  private before: string[] = [];
  private current: string[] = [];

  /** Declares something in the current step. */
  add<Noun extends keyof Inputs>(
    noun: Noun,
    name: string,
    inputs: Inputs[Noun],
    after: readonly string[] = [],
  ): string {
    const declaration = { noun, name, inputs, after: [...new Set([...this.before, ...after])] };
    // The type ties each noun to its inputs, which a generic parameter does too, though not for the compiler.
    this.declarations.push(declaration as unknown as Declaration);
    const id = `${noun}/${name}`;
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

function migration(file: SqlFile, schema: string, apply: "once" | "onChange"): Inputs["Migration"] {
  const { path, hash, statements, transaction } = file;
  return { path, hash, statements, transaction, schema, apply };
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

function distributed(
  { tenant, schema }: Application,
  settings: Settings,
  table: TenantTable,
): Inputs["DistributedTable"] {
  return {
    schema: table.schema,
    table: table.name,
    column: tenant.column,
    placement:
      table.name === tenant.table ? { shardCount: settings.shardCount } : { colocateWith: `${schema}.${tenant.table}` },
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
  const { column, type } = application.tenant;
  return { schema, table: name, column, type, grants: tenantTableGrants(application, name) };
}

/** Tables first, then on each node the slot, then the connector that reads it. */
function declareEvents(
  plan: Plan,
  application: Application,
  settings: Settings,
  nodes: readonly PostgresNode[],
  members: ReadonlyMap<PostgresNode, string>,
): void {
  const { events, schema, tenant } = application;
  const { column, type } = tenant;
  const colocateWith = `${schema}.${tenant.table}`;
  const name = `${outbox.schema}.${outbox.table}`;
  plan.next();
  const table = plan.add("Outbox", name, {
    column,
    type,
    colocateWith,
    maxPayloadBytes: events.maxPayload.bytes,
    publication: outbox.publication,
  });
  const set = plan.add("PartitionSet", name, outboxPartitions(events.retention, settings), [table]);
  const written = { schema: outbox.schema, table: outbox.table, column, type, grants: outboxGrants(application) };
  plan.add("TenantIsolation", name, written, [set]);
  const processed = { schema: outbox.schema, table: "processed_events" };
  const processedName = `${processed.schema}.${processed.table}`;
  const memory = plan.add("ProcessedEvents", processedName, {
    column,
    type,
    colocateWith,
    retention: processedRetention(application),
  });
  const remembered = { ...processed, column, type, grants: processedEventsGrants(application) };
  plan.add("TenantIsolation", processedName, remembered, [memory]);
  // A slot that nobody reads keeps the server's WAL for ever.
  if (events.aggregates.length === 0) return;
  plan.next();
  for (const node of nodes) {
    const slot = outboxSlot(application.name, node);
    const connector = outboxConnector(application.name, node);
    const member = members.get(node);
    const made = plan.add("ReplicationSlot", slot, { node, slot }, member === undefined ? [] : [member]);
    plan.add("Connector", connector, renderOutboxConnector(application, settings, node), [made]);
  }
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

function outboxPartitions(retention: Duration, { defaults }: Settings): Inputs["PartitionSet"] {
  const { outboxInterval } = defaults ?? standardDefaults;
  return {
    schema: outbox.schema,
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
