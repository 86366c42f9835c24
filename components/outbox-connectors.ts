import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../architecture/application";
import { onlyCoordinator } from "../architecture/data-plane/nodes";
import { outboxStreams } from "../architecture/data-plane/streams";
import type { Endpoints, PostgresNode } from "../architecture/endpoints";
import type { Settings } from "../settings/settings";
import { type DeclaredResources, declareInOrder } from "./declare-in-order";

export interface OutboxConnectorsArgs extends Partial<Pick<Settings, "consistency" | "delivery">> {
  /** Whose outbox is read, as `loadApplication` reads its description. */
  readonly application: Application;
  /** As the nodes of Connect reach them; undefined in a preview before the servers run. No login gets into a connector. */
  readonly endpoints: Endpoints | undefined;
  /** Those that hold shards: one that is added gets its slot and connector, one that is left out loses them. @default the endpoints' */
  readonly nodes?: readonly PostgresNode[];
}

/**
 * On each node that holds shards a replication slot, and the connector that reads it, for an outbox that something else
 * made: another stack, or migrations of a team's own. `DataPlane` has the same ones in the order in which nodes come and go.
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
    const streams = outboxStreams(application, { ...args, consistency, endpoints }, nodes);
    this.resources = declareInOrder(streams, () => ({ parent: this }));
    this.registerOutputs({});
  }
}
