import * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "../architecture/data-plane/declaration";
import { type DeclaredResources, declareInOrder } from "./declare-in-order";

export interface DataPlaneArgs {
  /** The declarations that `databasesOf` returns, in the order in which they are created. */
  readonly declarations: readonly Declaration[];
  /**
   * The servers that this program makes for each node, by the node's name. The node's resource depends on them directly, so
   * that Pulumi removes the node from the cluster before it deletes them; Pulumi orders deletions only by dependencies.
   * @default none
   */
  readonly servers?: ReadonlyMap<string, pulumi.Resource>;
  /** A resource, such as a namespace, whose deletion deletes the servers too; then nothing is deleted on them first. @default none */
  readonly deletedWith?: pulumi.Resource;
}

/** An application's data on running servers: schema, placement, isolation, partitions, outbox, slots and connectors. */
export class DataPlane extends pulumi.ComponentResource {
  readonly resources: DeclaredResources;

  constructor(name: string, args: DataPlaneArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:DataPlane", name, {}, options);
    const shared = { parent: this, ...(args.deletedWith && { deletedWith: args.deletedWith }) };
    this.resources = declareInOrder(args.declarations, (declaration) => {
      const servers = declaration.noun === "CitusNode" ? args.servers?.get(declaration.name) : undefined;
      return servers ? { ...shared, dependsOn: [servers] } : shared;
    });
    this.registerOutputs({});
  }
}
