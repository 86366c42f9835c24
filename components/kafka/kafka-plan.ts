import { type Problem, refuseIfAny } from "../../common/problem";
import type { Access } from "../../settings/access";
import { brokerSize, controllerSize, zoneLabel } from "../../settings/kafka-servers";
import { userName } from "../../settings/kafka-settings";
import { type LeastSize, type NodeSize, sizeProblems } from "../../settings/pod-size";
import type { Filled } from "../filled";
import type { AccessRule } from "./kafka-access-rules";
import { kafkaLoginSecret } from "./kafka-names";

/** The options of a Kafka cluster. All are plain values because each of them shapes the resource graph. */
export interface KafkaOptions {
  readonly namespace: string;
  /** `chart` installs Strimzi's operator with the cluster; `existing` relies on one that watches the namespace. @default "chart" */
  readonly operator?: "chart" | "existing";
  /** `strong`: acknowledged records are on at least two brokers. @default "strong" */
  readonly consistency?: "strong" | "bounded" | "eventual";
  /** @default 3, or 1 if consistency is `eventual` */
  readonly brokers?: number | undefined;
  /** Replicas of each partition, at most the number of brokers. @default 3, or the number of brokers if that is smaller */
  readonly replication?: number | undefined;
  /** Replicas that must be written before a record is acknowledged. @default one less than `replication`, at least 1 */
  readonly minInSync?: number | undefined;
  /** Pods that keep the cluster's metadata; with 0 the brokers keep it too. @default 3; if consistency is `eventual`, 1, or 0 beside a single broker */
  readonly controllers?: number | undefined;
  /** @default 2 cores, 4 GiB of memory, 100 GiB of storage */
  readonly broker?: Partial<NodeSize>;
  /** @default half a core, 1 GiB of memory, 10 GiB of storage */
  readonly controller?: NodeSize;
  /** @default the cluster's default class */
  readonly storageClass?: string | undefined;
  /** `required`: no two brokers on one machine. @default "required" */
  readonly spread?: "required" | "preferred";
  /** The machines' label whose values replicas are spread over; every machine must have it. @default "topology.kubernetes.io/zone" */
  readonly rack?: string;
  /** Users who may log in, each with its access rules. @default none */
  readonly users?: Readonly<Record<string, readonly AccessRule[]>>;
  /** Serves metrics for Prometheus at port 9404 of each pod. @default true */
  readonly metrics?: boolean;
  /** Access for clients outside the Kubernetes cluster. @default none */
  readonly access?: Access;
  /** Protects volumes and passwords from deletion. @default true */
  readonly protect?: boolean;
  /** Raising it by one replaces all users' passwords. @default 1 */
  readonly rotation?: number;
}

/** A cluster's valid options with every default filled in. */
export interface KafkaPlan extends Filled<Omit<KafkaOptions, "storageClass">> {
  readonly name: string;
  readonly broker: NodeSize;
  readonly storageClass: string | undefined;
}

const GiB = 2 ** 30;
const MiB = 2 ** 20;

// Strimzi gives half of it to Java's heap, and a broker needs 384 MiB of heap to start.
const leastSize: LeastSize = { memory: { bytes: 768 * MiB }, storage: { bytes: GiB }, holds: "its log" };

/** Fills in the defaults. Throws Problems with everything that is invalid. */
export function planKafka(name: string, options: KafkaOptions): KafkaPlan {
  const consistency = options.consistency ?? "strong";
  const { brokers, replication } = copiesOf(options, consistency);
  const plan: KafkaPlan = {
    name,
    namespace: options.namespace,
    operator: options.operator ?? "chart",
    consistency,
    brokers,
    controllers: options.controllers ?? (consistency !== "eventual" ? 3 : brokers === 1 ? 0 : 1),
    broker: { ...brokerSize, ...options.broker },
    controller: options.controller ?? controllerSize,
    storageClass: options.storageClass,
    spread: options.spread ?? "required",
    rack: options.rack ?? zoneLabel,
    users: options.users ?? {},
    metrics: options.metrics ?? true,
    access: options.access ?? { by: "cluster" },
    protect: options.protect ?? true,
    rotation: options.rotation ?? 1,
    replication,
    minInSync: options.minInSync ?? Math.max(1, replication - 1),
  };
  refuseIfAny([
    ...problemsOf(plan),
    ...(options.replication === undefined ? brokerProblems(plan) : copyProblems(plan)),
    ...acknowledgementProblems(`of Kafka cluster \`${name}\``, plan),
  ]);
  return plan;
}

/** The number of brokers, and of the replicas of each partition. */
export function copiesOf(
  given: Pick<KafkaOptions, "brokers" | "replication">,
  consistency: KafkaPlan["consistency"],
): Pick<KafkaPlan, "brokers" | "replication"> {
  const brokers = given.brokers ?? (consistency === "eventual" ? 1 : 3);
  return { brokers, replication: given.replication ?? Math.min(3, brokers) };
}

function problemsOf(plan: KafkaPlan): Problem[] {
  const problems = [...controllerProblems(plan), ...userProblems(plan)];
  const { access } = plan;
  if (access.by === "addresses" && access.kafka.length !== plan.brokers) {
    problems.push({
      what: `Each broker of \`${plan.name}\` tells clients outside the cluster an address of its own`,
      got: `${access.kafka.length} addresses for ${plan.brokers} brokers`,
      expected: `${plan.brokers} addresses, in the order of the brokers`,
      fix: "Correct `kafka` in `access.addresses`",
    });
  }
  problems.push(...sizeProblems("broker", plan.broker, leastSize));
  if (plan.controllers > 0) problems.push(...sizeProblems("controller", plan.controller, leastSize));
  return problems;
}

function brokerProblems({ name, brokers, consistency }: KafkaPlan): Problem[] {
  const least = consistency === "strong" ? 3 : 1;
  if (Number.isInteger(brokers) && brokers >= least) return [];
  const got = `brokers: ${brokers}`;
  if (least === 1) {
    const what = `Kafka cluster \`${name}\` has no broker`;
    return [{ what, got, expected: "at least 1", fix: "Set `brokers` to 1 or more" }];
  }
  return [
    {
      what: `Consistency \`strong\` needs three copies of each record of \`${name}\`: two that acknowledge, one that may fail`,
      got,
      expected: "at least 3",
      fix: "Set `brokers` to 3 or more, or consistency to `eventual`",
    },
  ];
}

/** Checks that there is a broker for each replica. A plan may state that no record has to survive a failure, so one replica is enough. */
function copyProblems({ name, brokers, replication }: KafkaPlan): Problem[] {
  if (Number.isInteger(brokers) && brokers >= Math.max(1, replication)) return [];
  return [
    {
      what: `Kafka cluster \`${name}\` has fewer brokers than copies of each record`,
      got: `brokers: ${brokers}, copies: ${replication}`,
      expected: `at least ${Math.max(1, replication)} brokers`,
      fix: `Set \`brokers\` to ${Math.max(1, replication)} or more, or ask for fewer copies (\`replicationFactor\` in \`tenantry:plan\`)`,
    },
  ];
}

/** Checks that records can be acknowledged. `where` describes the records in the message. */
export function acknowledgementProblems(
  where: string,
  { replication, minInSync }: Pick<KafkaPlan, "replication" | "minInSync">,
): Problem[] {
  if (minInSync >= 1 && minInSync <= Math.max(1, replication)) return [];
  return [
    {
      what: `No record ${where} would ever count as acknowledged`,
      got: `${minInSync} copies must be written, of ${replication}`,
      expected:
        replication > 1 ? `from 1 to ${replication}, and less than ${replication} if a broker may be away` : "1",
      fix: "Ask for fewer (`minInsyncReplicas` in `tenantry:plan`)",
    },
  ];
}

/** Checks for an odd number of controllers: an even number survives no more failures than one less, and can split into halves. */
function controllerProblems({ name, brokers, controllers, consistency }: KafkaPlan): Problem[] {
  if (controllers === 0) {
    return brokers % 2 === 1
      ? []
      : [
          {
            what: `The brokers of \`${name}\` keep its metadata too, and an even number of them has no safe majority`,
            got: `brokers: ${brokers}, controllers: 0`,
            expected: "an odd number of brokers, or controllers of their own",
            fix: `Set \`brokers\` to ${brokers + 1}, or \`controllers\` to 3`,
          },
        ];
  }
  if (!Number.isInteger(controllers) || controllers < 0 || controllers % 2 === 0) {
    return [
      {
        what: `An even number of controllers of \`${name}\` tolerates no more failures than one less`,
        got: `controllers: ${controllers}`,
        expected: "an odd number, or 0 where the brokers keep the metadata too",
        fix: "Set `controllers` to 3, or to 5 to survive two failures",
      },
    ];
  }
  if (consistency !== "strong" || controllers >= 3) return [];
  return [
    {
      what: `A single controller of \`${name}\` that fails takes the whole cluster with it, against consistency \`strong\``,
      got: `controllers: ${controllers}`,
      expected: "3 or 5, or 0 where the brokers keep the metadata too",
      fix: "Set `controllers` to 3",
    },
  ];
}

function userProblems({ name, users }: KafkaPlan): Problem[] {
  return Object.keys(users)
    .filter((user) => !userName.test(user))
    .map((user) => ({
      what: `A user of Kafka cluster \`${name}\` cannot be named so: the Secret with its password is \`${kafkaLoginSecret({ name }, user)}\``,
      got: user,
      expected: "lower case letters, digits and dashes",
      fix: "Rename the user",
    }));
}
