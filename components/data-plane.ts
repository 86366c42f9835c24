import * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "../architecture/data-plane/declaration";
import { type DeclaredResources, declareInOrder } from "./declare-in-order";

export interface DataPlaneArgs {
  /** What `databasesOf` made of the application and the settings, in an order in which it can be made. */
  readonly declarations: readonly Declaration[];
  /**
   * The servers behind each node, by its name, where this program makes them. A node is their direct dependent: only so does
   * Pulumi take it out of the cluster before they go, as it orders deletions by nothing else. @default none
   */
  readonly servers?: ReadonlyMap<string, pulumi.Resource>;
  /** What takes the servers along when it is deleted, so that nothing is deleted on them before. @default nothing does */
  readonly deletedWith?: pulumi.Resource;
}

/** An application's data on servers that run: schema, placement, isolation, partitions, outbox, slots and connectors. */
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
