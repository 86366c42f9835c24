import type { Application } from "../application";
import { fileNumber } from "../checks/file-names";
import type { PostgresNode } from "../endpoints";
import type { SqlFile } from "../sql/sql-file";
import { tenantDirectory } from "../tenancy/tenant-directory";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { Declaration } from "./declaration";
import { declareEvents } from "./event-declarations";
import { declareFile, declareSchema } from "./migrations";
import { declareMembers, declareShards } from "./nodes";
import { declareReplication } from "./replication";
import { declareBoundary } from "./role-boundary-declaration";
import { declareSchemaChange } from "./schema-change-declaration";
import { Steps } from "./steps";
import { declareTables } from "./table-declarations";

/**
 * Declares everything that an application needs in the database and on Connect, in an order that works. The tables that
 * a SQL file creates are placed, partitioned and isolated before the next file runs.
 *
 * @param base the toolkit's own SQL, filled in for this application
 * @param nodes the nodes that hold shards; each has its own slot and connector
 */
export function dataPlane(
  application: Application,
  base: readonly SqlFile[],
  settings: DataPlaneSettings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const steps = new Steps(application.scope);
  const members = declareMembers(steps, settings, nodes);
  declareSchema(steps, application, base);
  declareBoundary(steps, application, [application], nodes);
  declareData(steps, application, settings);
  declareEvents(steps, application, settings);
  declareReplication(steps, application, settings, nodes, members);
  declareShards(steps, application, settings, nodes, members);
  return steps.declarations;
}

/**
 * Like `dataPlane`, for tenants with a schema each: first the shared part, then all tenants' tables and outboxes in
 * parallel, then the slots and connectors, which read all outboxes.
 *
 * @param applications the result of `scopedApplications` for the model `schema`
 */
export function schemaDataPlane(
  applications: readonly Application[],
  baseOf: (application: Application) => readonly SqlFile[],
  settings: DataPlaneSettings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const [common, ...tenants] = applications;
  if (!common) return [];
  const steps = new Steps();
  const members = declareMembers(steps, settings, nodes);
  declareSchema(steps, common, baseOf(common));
  declareBoundary(steps, common, tenants, nodes);
  declareData(steps, common, settings);
  steps.addStep("Migration", `${common.name}/tenants`, tenantDirectory(common, tenants));
  const forks = tenants.map((application) => {
    const fork = steps.fork(application.scope);
    const { schema } = application;
    fork.addStep("TenantSchema", schema, { schema, tenant: application.scope?.tenant?.name ?? schema });
    declareSchema(fork, application, baseOf(application));
    declareData(fork, application, settings);
    declareEvents(fork, application, settings);
    return fork;
  });
  steps.join(forks);
  // The first outbox creates the publication, and a connector fails without it.
  if (tenants.length > 0) declareReplication(steps, common, settings, nodes, members);
  declareShards(steps, common, settings, nodes, members);
  return steps.declarations;
}

function declareData(steps: Steps, application: Application, settings: DataPlaneSettings): void {
  const changes = [...(application.changes ?? [])];
  const declareChanges = (before: number) => {
    for (let next = changes[0]; next && fileNumber(next.source.path) < before; next = changes[0]) {
      declareSchemaChange(steps, application, next, settings.changes?.[next.name]);
      changes.shift();
    }
  };
  for (const file of application.files) {
    declareChanges(fileNumber(file.path));
    declareFile(steps, application, file);
    declareTables(steps, application, settings, file);
  }
  declareChanges(Number.POSITIVE_INFINITY);
}
