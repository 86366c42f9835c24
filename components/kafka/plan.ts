import { type Access } from "../../architecture/access";
import { brokerSize, controllerSize, zoneLabel } from "../../architecture/kafka-servers";
import { userName } from "../../architecture/kafka-settings";
import { type LeastSize, type NodeSize, sizeProblems } from "../../architecture/pod-size";
import { type Problem, refuseIfAny } from "../../architecture/problem";
import type { AccessRule } from "./access-rules";
import { kafkaLoginSecret } from "./names";

/** What a Kafka cluster is made from. Every value shapes the graph, so all are plain. */
export interface KafkaOptions {
  readonly namespace: string;
  /** `chart`: Strimzi's operator is installed with the cluster. `existing`: one watches the namespace. @default "chart" */
  readonly operator?: "chart" | "existing";
  /** `strong`: what is acknowledged is on two brokers at least. @default "strong" */
  readonly consistency?: "strong" | "bounded" | "eventual";
  /** @default 3, and 1 where consistency is `eventual` */
  readonly brokers?: number;
  /** Pods that keep the cluster's metadata; 0: the brokers do that too. @default 3; where consistency is `eventual`, 1, and 0 beside a single broker */
  readonly controllers?: number;
  /** @default 2 cores, 4 GiB of memory, 100 GiB of storage */
  readonly broker?: NodeSize;
  /** @default half a core, 1 GiB of memory, 10 GiB of storage */
  readonly controller?: NodeSize;
  /** @default the cluster's default class */
  readonly storageClass?: string;
  /** `required`: no two brokers on one machine. @default "required" */
  readonly spread?: "required" | "preferred";
  /** The machines' label whose values replicas are spread over; every machine must have it. @default "topology.kubernetes.io/zone" */
  readonly rack?: string;
  /** Who may log in, and what each may do. @default nobody */
  readonly users?: Readonly<Record<string, readonly AccessRule[]>>;
  /** Metrics for Prometheus at port 9404 of each pod. @default true */
  readonly metrics?: boolean;
  /** How clients outside the Kubernetes cluster reach the brokers. @default they do not */
  readonly access?: Access;
  /** Volumes and passwords cannot be deleted. @default true */
  readonly protect?: boolean;
  /** Raised by one, all users' passwords are replaced. @default 1 */
  readonly rotation?: number;
}

/** A cluster with every default filled in, and nothing refused. */
export interface KafkaPlan extends Required<Omit<KafkaOptions, "storageClass">> {
  readonly name: string;
  readonly storageClass: string | undefined;
  /** Copies of each partition. */
  readonly replication: number;
  /** Copies that must be written before a record counts as acknowledged. */
  readonly minInSync: number;
}

const GiB = 2 ** 30;
const MiB = 2 ** 20;

// Strimzi gives half of it to Java's heap, and a broker starts with 384 MiB of that.
const leastSize: LeastSize = { memory: { bytes: 768 * MiB }, storage: { bytes: GiB }, holds: "its log" };

/** Throws Problems, all at once, when the options make no cluster. */
export function planKafka(name: string, options: KafkaOptions): KafkaPlan {
  const consistency = options.consistency ?? "strong";
  const { brokers, replication } = copiesOf(options.brokers, consistency);
  const plan: KafkaPlan = {
    name,
    namespace: options.namespace,
    operator: options.operator ?? "chart",
    consistency,
    brokers,
    controllers: options.controllers ?? (consistency !== "eventual" ? 3 : brokers === 1 ? 0 : 1),
    broker: options.broker ?? brokerSize,
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
    minInSync: Math.max(1, replication - 1),
  };
  refuseIfAny(problemsOf(plan));
  return plan;
}

/** The brokers, and how many of them keep a copy of each partition. */
export function copiesOf(given: number | undefined, consistency: KafkaPlan["consistency"]) {
  const brokers = given ?? (consistency === "eventual" ? 1 : 3);
  return { brokers, replication: Math.min(3, brokers) };
}

function problemsOf(plan: KafkaPlan): Problem[] {
  const problems = [...brokerProblems(plan), ...controllerProblems(plan), ...userProblems(plan)];
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

/** A majority decides: an even number tolerates no more failures than one less, and splits into halves. */
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
