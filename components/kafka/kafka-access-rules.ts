/** Operations that a user may run on the topics, groups or transactional ids with a name or with a prefix. */
export interface AccessRule {
  readonly to: "topic" | "group" | "transactionalId" | "cluster";
  /** Undefined for the cluster itself. */
  readonly name?: string;
  /** Applies the rule to all names that start with `name`. @default false */
  readonly prefix?: boolean;
  readonly operations: readonly Operation[];
}

export type Operation =
  | "Read"
  | "Write"
  | "Create"
  | "Delete"
  | "Alter"
  | "Describe"
  | "DescribeConfigs"
  | "AlterConfigs"
  | "IdempotentWrite";

/** The rules of the administrator, as whom `pulumi up`, `tenantry verify` and the demo log in. They cover the topics of one application. */
export function administratorAccess(application: string): AccessRule[] {
  return [
    {
      to: "topic",
      name: `${application}.`,
      prefix: true,
      operations: ["Create", "Delete", "Alter", "Describe", "DescribeConfigs", "AlterConfigs", "Read", "Write"],
    },
    ...["tenantry-", `${application}-`].map(
      (name) => ({ to: "group", name, prefix: true, operations: ["Read", "Describe", "Delete"] }) as const,
    ),
    // Moving replicas of partitions needs Alter on the cluster.
    { to: "cluster", operations: ["Alter", "Describe", "DescribeConfigs"] },
  ];
}

/** Lets a consumer read topics, in groups whose name starts with its own name. */
export function consumerAccess(user: string, topics: readonly string[]): AccessRule[] {
  return [
    ...topics.map((name) => ({ to: "topic", name, operations: ["Read", "Describe"] }) as const),
    { to: "group", name: user, prefix: true, operations: ["Read", "Describe"] },
  ];
}
