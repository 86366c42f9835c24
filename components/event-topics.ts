import { Acl } from "@pulumi/kafka/acl";
import { Provider } from "@pulumi/kafka/provider";
import { Topic } from "@pulumi/kafka/topic";
import * as pulumi from "@pulumi/pulumi";
import type { Aggregate, Application } from "../architecture/application";
import { topicLimitBytes } from "../architecture/data-plane/record-limits";
import { encrypts, type KafkaEndpoint } from "../architecture/endpoints";
import { durationMs } from "../common/duration";
import { refuseIfAny } from "../common/problem";
import { consumerTopics } from "../settings/kafka-settings";
import type { Settings } from "../settings/settings";
import { type AccessRule, consumerAccess } from "./kafka/kafka-access-rules";
import { acknowledgementProblems, copiesOf } from "./kafka/kafka-plan";
import type { Platform } from "./platform";

export interface EventTopicsArgs {
  readonly aggregates: readonly Aggregate[];
  /** Replicas of each partition, at most the number of brokers. */
  readonly replication: number;
  /** Replicas that must be written before an event is acknowledged. @default the brokers' own setting */
  readonly minInSync?: number;
  /** Topics that are deleted from Kafka, with their records, when they leave the program. @default none: they stay in Kafka */
  readonly deletable?: readonly string[];
  /** Access rules for readers, by user, if no one else grants them. @default none */
  readonly readers?: Readonly<Record<string, readonly AccessRule[]>>;
}

/**
 * The topics of an application's events, and the access rules of their readers. A topic that leaves the program stays in
 * Kafka with its records unless an earlier `up` had it in `deletable`. Partitions can be added in place, and keys then go to
 * other partitions than before; Kafka refuses to remove partitions.
 */
export class EventTopics extends pulumi.ComponentResource {
  constructor(name: string, args: EventTopicsArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:EventTopics", name, {}, options);
    for (const { topic, partitions, retention } of args.aggregates) {
      new Topic(
        `${name}-${topic}`,
        {
          name: topic,
          partitions,
          replicationFactor: args.replication,
          config: {
            "cleanup.policy": "delete",
            "retention.ms": String(durationMs(retention)),
            "max.message.bytes": String(topicLimitBytes),
            ...(args.minInSync !== undefined && { "min.insync.replicas": String(args.minInSync) }),
          },
        },
        { parent: this, ...topicOptions({ topic, ...args }) },
      );
    }
    for (const [user, rules] of Object.entries(args.readers ?? {})) {
      for (const [suffix, acl] of accessControls(user, rules)) new Acl(`${name}-${suffix}`, acl, { parent: this });
    }
    this.registerOutputs({});
  }
}

/** Records outlive their declaration: only topics in `deletable` are deleted from Kafka. */
export function topicOptions({ topic, deletable = [] }: { topic: string; deletable?: readonly string[] }) {
  return { retainOnDelete: !deletable.includes(topic) };
}

/** Kafka stores one entry for each operation. */
function accessControls(user: string, rules: readonly AccessRule[]) {
  return rules.flatMap(({ to, name, prefix, operations }) =>
    operations.map((operation) => {
      const acl = {
        aclPrincipal: `User:${user}`,
        aclHost: "*",
        aclPermissionType: "Allow",
        aclResourceType: `${to.charAt(0).toUpperCase()}${to.slice(1)}`,
        aclResourceName: name ?? "kafka-cluster",
        resourcePatternTypeFilter: prefix ? "Prefixed" : "Literal",
        aclOperation: operation,
      };
      return [`${user}-${to}-${name}-${operation}`, acl] as const;
    }),
  );
}

/** Declares the topics of a stack's events. */
export function eventTopics(application: Application, settings: Settings, { endpoints, ready }: Platform): EventTopics {
  const { kubernetes, kafka, allow } = settings;
  const { topics, problems } = consumerTopics(application, kafka.consumers);
  const { replication, minInSync = 1 } = copies(settings);
  refuseIfAny([...problems, ...acknowledgementProblems("of the events' topics", { replication, minInSync })]);
  const provider = new Provider("kafka", providerArgs(pulumi.output(endpoints).apply((known) => known?.kafka)));
  const readers = [...topics].map(([user, names]) => [user, consumerAccess(user, names)] as const);
  return new EventTopics(
    "topics",
    {
      aggregates: application.events.aggregates,
      ...copies(settings),
      deletable: allow.flatMap((optIn) => /^drop (.+)$/.exec(optIn)?.[1] ?? []),
      // Strimzi removes access rules that its own resources don't declare, so KafkaUsers hold these.
      readers: kubernetes ? {} : Object.fromEntries(readers),
    },
    { providers: { kafka: provider }, dependsOn: [...ready] },
  );
}

/** The replication of the topics. Brokers that the stack provisions have the minimum of in-sync replicas in their own settings. */
function copies({ kubernetes, kafka, consistency }: Settings): Pick<EventTopicsArgs, "replication" | "minInSync"> {
  if (kubernetes) return { replication: copiesOf(kubernetes.kafka, consistency).replication };
  const { replication, minInSync } = kafka;
  return { replication, ...(minInSync !== undefined && { minInSync }) };
}

function providerArgs(endpoint: pulumi.Output<KafkaEndpoint | undefined>) {
  const mechanism = { "scram-sha-512": "scram-sha512", "scram-sha-256": "scram-sha256", plain: "plain" } as const;
  const part = <T>(of: (known: KafkaEndpoint) => T) => endpoint.apply((known) => known && of(known));
  return {
    bootstrapServers: endpoint.apply((known) => [...(known?.bootstrapServers ?? [])]),
    tlsEnabled: part(encrypts),
    caCert: part(({ ca }) => ca),
    saslUsername: part(({ user }) => user),
    saslPassword: pulumi.secret(part(({ password }) => password)),
    saslMechanism: part(({ user, mechanism: named = "scram-sha-512" }) => user && mechanism[named]),
  };
}
