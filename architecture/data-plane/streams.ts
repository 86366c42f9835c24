import { renderOutboxConnector } from "../../connectors/outbox";
import type { Application } from "../application";
import type { PostgresNode } from "../endpoints";
import { streamPrefix } from "../names";
import { outboxConnector, outboxSlot } from "../outbox";
import type { Settings } from "../settings";
import type { Members } from "./nodes";
import type { Steps } from "./steps";

/** On each node the slot, then the connector that reads it. */
export function declareStreams(
  steps: Steps,
  application: Application,
  settings: Settings,
  nodes: readonly PostgresNode[],
  members: Members,
): void {
  steps.next();
  // A slot that nobody reads keeps the server's WAL for ever.
  if (application.events.aggregates.length === 0) return;
  const prefix = streamPrefix(application);
  for (const node of nodes) {
    const slot = outboxSlot(prefix, node);
    const connector = outboxConnector(prefix, node);
    const member = members.get(node);
    const made = steps.add("ReplicationSlot", slot, { node, slot }, member === undefined ? [] : [member]);
    steps.add("Connector", connector, renderOutboxConnector(application, settings, node), [made]);
  }
}
