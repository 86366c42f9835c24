import type { Application } from "../application";
import type { PostgresNode } from "../endpoints";
import type { SqlFile } from "../sql/sql-file";
import { tenantDirectory } from "../tenancy/tenant-directory";
import { declareBoundary } from "./boundary";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { Declaration } from "./declaration";
import { declareEvents } from "./events";
import { declareFile, declareSchema } from "./migrations";
import { declareMembers, declareShards } from "./nodes";
import { Steps } from "./steps";
import { declareStreams } from "./streams";
import { declareTables } from "./tables";

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
  settings: DataPlaneSettings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const steps = new Steps(application.part);
  const members = declareMembers(steps, settings, nodes);
  declareSchema(steps, application, base);
  declareBoundary(steps, application, [application], nodes);
  declareData(steps, application, settings);
  declareEvents(steps, application, settings);
  declareStreams(steps, application, settings, nodes, members);
  declareShards(steps, application, settings, nodes, members);
  return steps.declarations;
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
  settings: DataPlaneSettings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const [common, ...tenants] = parts;
  if (!common) return [];
  const steps = new Steps();
  const members = declareMembers(steps, settings, nodes);
  declareSchema(steps, common, baseOf(common));
  declareBoundary(steps, common, tenants, nodes);
  declareData(steps, common, settings);
  steps.addStep("Migration", `${common.name}/tenants`, tenantDirectory(common, tenants));
  const forks = tenants.map((part) => {
    const fork = steps.fork(part.part);
    const { schema } = part;
    fork.addStep("TenantSchema", schema, { schema, tenant: part.part?.tenant?.name ?? schema });
    declareSchema(fork, part, baseOf(part));
    declareData(fork, part, settings);
    declareEvents(fork, part, settings);
    return fork;
  });
  steps.join(forks);
  // The publication comes with the first outbox, and a connector fails without one.
  if (tenants.length > 0) declareStreams(steps, common, settings, nodes, members);
  declareShards(steps, common, settings, nodes, members);
  return steps.declarations;
}

function declareData(steps: Steps, application: Application, settings: DataPlaneSettings): void {
  for (const file of application.files) {
    declareFile(steps, application, file);
    declareTables(steps, application, settings, file);
  }
}
