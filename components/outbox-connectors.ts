import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../architecture/application";
import { onlyCoordinator } from "../architecture/data-plane/nodes";
import { outboxReplication } from "../architecture/data-plane/replication";
import type { Endpoints, PostgresNode } from "../architecture/endpoints";
import type { Settings } from "../settings/settings";
import { type DeclaredResources, declareInOrder } from "./declare-in-order";

export interface OutboxConnectorsArgs extends Partial<Pick<Settings, "consistency" | "delivery">> {
  /** The application whose outbox is read, from `loadApplication`. */
  readonly application: Application;
  /** The endpoints as Connect's workers reach them; undefined in a preview before the servers run. Connectors contain no login of them. */
  readonly endpoints: Endpoints | undefined;
  /** The nodes that hold shards. A new node gets a slot and a connector; a node that is left out loses them. @default the endpoints' nodes */
  readonly nodes?: readonly PostgresNode[];
}

/**
 * A replication slot on each node that holds shards, and the connector that reads it, for an outbox that another stack or a
 * team's own migrations created. `DataPlane` declares the same resources, in the order in which nodes join and leave.
 */
export class OutboxConnectors extends pulumi.ComponentResource {
  readonly resources: DeclaredResources;

  constructor(name: string, args: OutboxConnectorsArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:OutboxConnectors", name, {}, options);
    const {
      application,
      consistency = "strong",
      endpoints,
      nodes = endpoints?.postgres.nodes ?? onlyCoordinator,
    } = args;
    const streams = outboxReplication(application, { ...args, consistency, endpoints }, nodes);
    this.resources = declareInOrder(streams, () => ({ parent: this }));
    this.registerOutputs({});
  }
}
