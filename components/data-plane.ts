import * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "../architecture/declaration";
import { declare } from "../provider";

export interface DataPlaneArgs {
  /** What `compileDataPlane` made of the application and the settings, in an order in which it can be made. */
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
  /** What was declared, by `NOUN/NAME`, for resources that must come after. */
  readonly resources: ReadonlyMap<string, pulumi.CustomResource>;

  constructor(name: string, args: DataPlaneArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:DataPlane", name, {}, options);
    const made = new Map<string, pulumi.CustomResource>();
    const shared = { parent: this, ...(args.deletedWith && { deletedWith: args.deletedWith }) };
    for (const declaration of args.declarations) {
      const servers = declaration.noun === "CitusNode" ? args.servers?.get(declaration.name) : undefined;
      const earlier = declaration.after.map((key) => resourceOf(made, key, declaration));
      const dependsOn = servers ? [...earlier, servers] : earlier;
      made.set(`${declaration.noun}/${declaration.name}`, declare(declaration, { ...shared, dependsOn }));
    }
    this.resources = made;
    this.registerOutputs({});
  }
}

function resourceOf(made: ReadonlyMap<string, pulumi.CustomResource>, key: string, by: Declaration) {
  const found = made.get(key);
  if (!found) throw new Error(`${by.noun}/${by.name} comes after ${key}, which is not declared before it`);
  return found;
}
