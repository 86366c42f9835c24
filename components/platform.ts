import type * as pulumi from "@pulumi/pulumi";
import type { Endpoints } from "../architecture/endpoints";
import type { KeyPair } from "./citus/certificates";

/** The servers of a stack, provisioned by the stack or existing. */
export interface Platform {
  /** The endpoints as far as they are known before the servers run, without secrets. Undefined if nothing is known. */
  readonly declared: Endpoints | undefined;
  /** The endpoints of the running servers. */
  readonly endpoints: pulumi.Input<Endpoints> | undefined;
  /** Resources that must be complete before anything is applied to the servers. */
  readonly ready: readonly pulumi.Resource[];
  /** The provider of the stack's namespace. @default none: the stack does not provision the servers */
  readonly provider?: pulumi.ProviderResource;
  /** The Kubernetes namespace, whose deletion deletes the servers too. @default none: the stack does not provision the servers */
  readonly namespace?: pulumi.Resource;
  /** The nodes' certificate and key, if the stack has its own certificate authority. */
  readonly certificate?: pulumi.Output<KeyPair>;
  /** The resources that run each node, by the node's name. @default none: the stack does not provision the servers */
  readonly servers?: ReadonlyMap<string, pulumi.Resource>;
}
