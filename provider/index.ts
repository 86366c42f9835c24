import * as pulumi from "@pulumi/pulumi";
import type { Declaration, Inputs } from "../architecture/data-plane/declaration";
import type { WantedTopics } from "../architecture/data-plane/topics";
import type { Endpoints } from "../architecture/endpoints";
import type { Model } from "../architecture/tenancy/tenants";
import type { Duration } from "../common/duration";
import type { Owner } from "./postgres/owner";
import { toWire } from "./protocol/input-schemas";

/** Arguments of the provider. */
export interface ProviderArgs {
  /** Undefined, or unknown, in a preview before the servers run. Kept as a secret. */
  readonly endpoints: pulumi.Input<Endpoints> | undefined;
  /** @default "required" */
  readonly citus?: "required" | "auto";
  /** Opt-ins to changes that destroy or rewrite data, such as `drop ecommerce.carts`. @default none */
  readonly allow?: readonly string[];
  /** PostgreSQL roles that must exist before anything is applied. @default none */
  readonly roles?: readonly string[];
  /** Topics that events are sent to. The provider checks existing topics before it changes anything. @default none */
  readonly topics?: WantedTopics;
  /** Databases that TenantDatabases create on these servers. Another provider then connects to each. @default none */
  readonly databases?: readonly string[];
  /** True if a TenantDatabase creates the database. A missing database then counts as deleted. @default false */
  readonly made?: boolean;
  /** Tenancy model of the stack. Another one is refused without the opt-in `remodel MODEL`. @default no check */
  readonly model?: Model;
  /** Stack that uses the database. The database records it and refuses others. @default no check */
  readonly owner?: Owner;
}

/** The provider `tenantry`: one connection to one database and its Kafka Connect. */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs, options?: pulumi.ResourceOptions) {
    const endpoints =
      args.endpoints && pulumi.secret(pulumi.output(args.endpoints).apply((known) => JSON.stringify(known)));
    super(
      "tenantry",
      name,
      {
        endpoints,
        citus: args.citus ?? "required",
        allow: JSON.stringify(args.allow ?? []),
        roles: JSON.stringify(args.roles ?? []),
        ...(args.topics && { topics: JSON.stringify(args.topics) }),
        ...(args.databases && { databases: JSON.stringify(args.databases) }),
        ...(args.made && { made: "true" }),
        ...(args.model && { model: args.model }),
        ...(args.owner && { owner: JSON.stringify(args.owner) }),
      },
      options,
    );
  }
}

/** Durations may be written as text, which the provider parses: `1 month`. */
type Written<Args> = {
  readonly [Key in keyof Args]: Args[Key] extends Duration | undefined ? Args[Key] | string : Args[Key];
};

/** Declarations of the package can't name an anonymous class, whose private members would be part of them. */
type ResourceClass<Noun extends keyof Inputs> = new (
  name: string,
  args: Written<Inputs[Noun]>,
  options: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

/**
 * Creates the class of the resources `tenantry:index:NOUN`, with the inputs in
 * architecture/data-plane/declaration.ts.
 *
 * @param secrets outputs that the state encrypts and no output shows
 */
function resource<Noun extends keyof Inputs>(noun: Noun, secrets: readonly string[] = []): ResourceClass<Noun> {
  return class extends pulumi.CustomResource {
    constructor(name: string, args: Written<Inputs[Noun]>, options: pulumi.CustomResourceOptions) {
      super(
        `tenantry:index:${noun}`,
        name,
        toWire(noun, args),
        pulumi.mergeOptions(options, { additionalSecretOutputs: [...secrets] }),
      );
    }
  };
}

export class CitusNode extends resource("CitusNode") {}
export class Migration extends resource("Migration") {}
export class SchemaChange extends resource("SchemaChange") {}
export class TenantDatabase extends resource("TenantDatabase", ["logins"]) {}
export class TenantSchema extends resource("TenantSchema") {}
export class DistributedTable extends resource("DistributedTable") {}
export class ReferenceTable extends resource("ReferenceTable") {}
export class TenantIsolation extends resource("TenantIsolation") {}
export class RoleBoundary extends resource("RoleBoundary") {}
export class PartitionSet extends resource("PartitionSet") {}
export class Outbox extends resource("Outbox") {}
export class ProcessedEvents extends resource("ProcessedEvents") {}
export class ReplicationSlot extends resource("ReplicationSlot") {}
export class Connector extends resource("Connector") {}
export class TenantShard extends resource("TenantShard") {}
export class ShardRebalance extends resource("ShardRebalance") {}

/** Creates the resource of a declaration. */
export function declare(declaration: Declaration, options: pulumi.CustomResourceOptions): pulumi.CustomResource {
  switch (declaration.noun) {
    case "CitusNode":
      return new CitusNode(declaration.name, declaration.inputs, options);
    case "Migration":
      return new Migration(declaration.name, declaration.inputs, options);
    case "SchemaChange":
      return new SchemaChange(declaration.name, declaration.inputs, options);
    case "TenantDatabase":
      return new TenantDatabase(declaration.name, declaration.inputs, options);
    case "TenantSchema":
      return new TenantSchema(declaration.name, declaration.inputs, options);
    case "DistributedTable":
      return new DistributedTable(declaration.name, declaration.inputs, options);
    case "ReferenceTable":
      return new ReferenceTable(declaration.name, declaration.inputs, options);
    case "TenantIsolation":
      return new TenantIsolation(declaration.name, declaration.inputs, options);
    case "RoleBoundary":
      return new RoleBoundary(declaration.name, declaration.inputs, options);
    case "PartitionSet":
      return new PartitionSet(declaration.name, declaration.inputs, options);
    case "Outbox":
      return new Outbox(declaration.name, declaration.inputs, options);
    case "ProcessedEvents":
      return new ProcessedEvents(declaration.name, declaration.inputs, options);
    case "ReplicationSlot":
      return new ReplicationSlot(declaration.name, declaration.inputs, options);
    case "Connector":
      return new Connector(declaration.name, declaration.inputs, options);
    case "TenantShard":
      return new TenantShard(declaration.name, declaration.inputs, options);
    case "ShardRebalance":
      return new ShardRebalance(declaration.name, declaration.inputs, options);
  }
}
