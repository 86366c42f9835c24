import { loadApplication } from "../architecture/application-loader";
import { dataPlane } from "../architecture/data-plane/data-plane";
import type { Declaration } from "../architecture/data-plane/declaration";
import type { Endpoints } from "../architecture/endpoints";
import { quoteIdentifier } from "../common/identifier";
import { planPartitionSet } from "../provider/partitions/partition-plan";
import type { Partman } from "../provider/partitions/partman";
import type { DatabaseFacts } from "../provider/postgres/database";
import { preflight } from "../provider/postgres/postgres-preflight";
import { resourceHandlers } from "../provider/protocol/resource-handlers";
import type { Settings } from "../settings/settings";

/** The statements that apply an application's folder to a server with these facts, as one script for psql. */
async function applicationSql(folder: string, settings: Settings, facts: DatabaseFacts): Promise<string> {
  const { application, base } = await loadApplication(folder);
  const nodes = settings.endpoints?.postgres.nodes ?? [];
  const declarations = dataPlane(application, base, settings, nodes);
  // The provider sets this in each of its transactions.
  const begin = facts.citus === undefined ? [] : ["SET citus.multi_shard_modify_mode = 'sequential';"];
  return [...begin, ...declarations.flatMap((declaration) => statementsOf(declaration, facts))].join("\n");
}

/** The script for the server of these endpoints. */
export async function sqlFor(folder: string, settings: Settings, endpoints: Endpoints): Promise<string> {
  return applicationSql(folder, settings, await preflight(endpoints.postgres, {}));
}

/** The stack settings for the benchmarks. */
export function benchSettings(
  application: string,
  endpoints: Endpoints,
  consistency: Settings["consistency"] = "strong",
): Settings {
  const kafka = { manageTopics: false, replication: 3, consumers: {} };
  return { application, platform: "external", citus: "auto", consistency, shardCount: 4, allow: [], kafka, endpoints };
}

function statementsOf(declaration: Declaration, { citus, partman }: DatabaseFacts): readonly string[] {
  const { noun, inputs } = declaration;
  // Each measurement makes its own slots and connectors.
  if (noun === "ReplicationSlot" || noun === "Connector") return [];
  if (noun === "PartitionSet" && partman) return partitionSetStatements(inputs, partman);
  const lines = resourceHandlers.get(noun)?.preview(undefined, inputs) ?? [];
  const searchPath = noun === "Migration" ? [`SET search_path = ${quoteIdentifier(inputs.schema)}, public`] : [];
  return [...searchPath, ...lines.filter((line) => isRunnable(line, citus !== undefined))].map(ended);
}

function partitionSetStatements(inputs: Parameters<typeof planPartitionSet>[0], partman: Partman): readonly string[] {
  return planPartitionSet(inputs, undefined, partman).map(({ sql }) => ended(sql));
}

function isRunnable(line: string, citus: boolean): boolean {
  if (/^--[^\n]*$/.test(line)) return false;
  return citus || !/^SELECT create_(distributed|reference)_table|^ALTER TABLE pg_catalog\.pg_dist_/.test(line);
}

function ended(statement: string): string {
  return /;\s*$/.test(statement) ? statement : `${statement};`;
}
