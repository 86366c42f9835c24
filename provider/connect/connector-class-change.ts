import { debeziumClass, outboxClass } from "../../architecture/data-plane/connector-class";
import type { Context } from "../protocol/resource-context";
import type { Connect, ConnectorConfig } from "./connect-state";

/**
 * Adapts a configuration to a worker: without tenantry's own connector class it uses Debezium's, which does the same
 * work.
 */
export async function runnable({ connect, warn }: Context, connector: string, config: ConnectorConfig) {
  if (config["connector.class"] !== outboxClass || (await hasOutboxClass(connect))) return config;
  warn(`${connector}: ${fallsBack}. docs/external-servers.md says how to add it`);
  return { ...config, "connector.class": debeziumClass };
}

/** Restores the declared configuration: Debezium's class counts as no drift on a worker without tenantry's class. */
export async function asDeclared(connect: Connect, declared: ConnectorConfig | undefined, found: ConnectorConfig) {
  if (!standsIn(declared, found) || (await hasOutboxClass(connect))) return found;
  return { ...found, "connector.class": outboxClass };
}

/** True if Debezium's class replaces tenantry's. */
export function standsIn(declared: ConnectorConfig | undefined, found: ConnectorConfig | undefined): boolean {
  return declared?.["connector.class"] === outboxClass && found?.["connector.class"] === debeziumClass;
}

export const fallsBack = `Debezium's own connector runs, which takes a fifth of a core while idle, as Kafka Connect lacks ${outboxClass}`;

async function hasOutboxClass(connect: Connect): Promise<boolean> {
  return (await connect.classes()).includes(outboxClass);
}
