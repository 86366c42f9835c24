import type * as pulumi from "@pulumi/pulumi";
import type { Endpoints } from "../architecture/endpoints";
import type { KeyPair } from "./citus/certificates";

/** The servers of a stack, whoever runs them. */
export interface Platform {
  /** What can be said of them before they run; without secrets. Undefined while nothing is known. */
  readonly declared: Endpoints | undefined;
  /** How to reach them. */
  readonly endpoints: pulumi.Input<Endpoints> | undefined;
  /** What must be there before anything is applied to them. */
  readonly ready: readonly pulumi.Resource[];
  /** What takes the servers along when it is deleted. @default nothing of the stack's */
  readonly namespace?: pulumi.Resource;
  /** The nodes' certificate and key, where their authority is the stack's own. */
  readonly certificate?: pulumi.Output<KeyPair>;
  /** What runs each node, by its name. @default nothing of the stack's */
  readonly servers?: ReadonlyMap<string, pulumi.Resource>;
}
