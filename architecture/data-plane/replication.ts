import type { Application } from "../application";
import { replicationPrefix } from "../application-names";
import type { PostgresNode } from "../endpoints";
import type { ReplicationSettings } from "./data-plane-settings";
import type { Declaration } from "./declaration";
import type { Members } from "./nodes";
import { renderOutboxConnector } from "./outbox-connector";
import { hasOutbox, outboxConnector, outboxSlot } from "./outbox-table";
import { Steps } from "./steps";

/** Declares the slots and connectors of an existing outbox, whose nodes are already members. */
export function outboxReplication(
  application: Application,
  settings: ReplicationSettings,
  nodes: readonly PostgresNode[],
): Declaration[] {
  const steps = new Steps(application.scope);
  declareReplication(steps, application, settings, nodes, new Map());
  return steps.declarations;
}

/** Declares, for each node, the slot and then the connector that reads it. */
export function declareReplication(
  steps: Steps,
  application: Application,
  settings: ReplicationSettings,
  nodes: readonly PostgresNode[],
  members: Members,
): void {
  steps.next();
  // A slot that nobody reads keeps the server's WAL forever.
  if (!hasOutbox(application)) return;
  const prefix = replicationPrefix(application);
  for (const node of nodes) {
    const slot = outboxSlot(prefix, node);
    const connector = outboxConnector(prefix, node);
    const member = members.get(node);
    const made = steps.add("ReplicationSlot", slot, { node, slot }, member === undefined ? [] : [member]);
    steps.add("Connector", connector, renderOutboxConnector(application, settings, node), [made]);
  }
}
