/** What a user may do with topics, groups or transactions of a name, or of all names that begin so. */
export interface AccessRule {
  readonly to: "topic" | "group" | "transactionalId" | "cluster";
  /** Of the cluster itself: nothing. */
  readonly name?: string;
  /** The name is a beginning. @default false */
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

/** The administrator that `pulumi up`, `tenantry verify` and the demo log in as: topics of one application, and no others. */
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
    // Copies of partitions are moved by whoever may alter the cluster.
    { to: "cluster", operations: ["Alter", "Describe", "DescribeConfigs"] },
  ];
}

/** A consumer reads topics in a group of its own name, or one that begins so. */
export function consumerAccess(user: string, topics: readonly string[]): AccessRule[] {
  return [
    ...topics.map((name) => ({ to: "topic", name, operations: ["Read", "Describe"] }) as const),
    { to: "group", name: user, prefix: true, operations: ["Read", "Describe"] },
  ];
}
