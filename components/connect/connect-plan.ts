import { type Problem, refuseIfAny } from "../../common/problem";
import { formatSize, type Size } from "../../common/size";
import { connectImage, connectSize } from "../../settings/kafka-servers";
import type { WorkerSize } from "../../settings/pod-size";

/** What a group of Connect workers is made from. */
export interface ConnectOptions {
  readonly namespace: string;
  /** Where Kafka is, and as whom the workers log in there. */
  readonly kafka: KafkaLogin;
  /** Whether sources deliver exactly once; every connector of these workers then writes in transactions. @default true */
  readonly exactlyOnce?: boolean;
  /** Workers; when one fails, another takes up its connectors. @default 2 */
  readonly replicas?: number;
  /** @default 1 core, 2 GiB of memory */
  readonly size?: WorkerSize;
  /** Kafka Connect and Debezium. @default the image that `images/connect` builds */
  readonly image?: string;
  /** `required`: no two workers on one machine. @default "required" */
  readonly spread?: "required" | "preferred";
  /** The ConfigMap whose `ca.crt` the connectors verify the database by. @default none is mounted */
  readonly databaseAuthority?: string;
  /**
   * Secrets of the namespace that connectors refer to as `${secrets:NAMESPACE/NAME:KEY}`, each with a text that changes
   * when it does: the workers then restart one by one. @default none can be read
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Labels by which network policies let the workers in. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Metrics for Prometheus at port 9404 of each pod. @default true */
  readonly metrics?: boolean;
}

export interface KafkaLogin {
  readonly bootstrapServer: string;
  /** The Secret whose `*.crt` brokers are verified by. */
  readonly authoritySecret: string;
  readonly user: string;
  /** The Secret with the user's `password`; Strimzi restarts the workers when it changes. */
  readonly passwordSecret: string;
}

/** Workers with every default filled in, and nothing refused. */
export interface ConnectPlan extends Required<Omit<ConnectOptions, "databaseAuthority">> {
  readonly name: string;
  readonly databaseAuthority: string | undefined;
}

// Three quarters are Java's heap: a worker starts with 350 MiB of it, and each connector holds up to 32 MiB of its queue and
// 64 MiB for Kafka.
const leastMemory: Size = { bytes: 768 * 2 ** 20 };

/** Throws Problems, all at once, when the options make no workers. */
export function planConnect(name: string, options: ConnectOptions): ConnectPlan {
  const plan: ConnectPlan = {
    name,
    namespace: options.namespace,
    kafka: options.kafka,
    exactlyOnce: options.exactlyOnce ?? true,
    replicas: options.replicas ?? 2,
    size: options.size ?? connectSize,
    image: options.image ?? connectImage,
    spread: options.spread ?? "required",
    databaseAuthority: options.databaseAuthority,
    secrets: options.secrets ?? {},
    labels: options.labels ?? {},
    metrics: options.metrics ?? true,
  };
  refuseIfAny(problemsOf(plan));
  return plan;
}

function problemsOf({ name, replicas, size }: ConnectPlan): Problem[] {
  const problems: Problem[] = [];
  if (!Number.isInteger(replicas) || replicas < 1) {
    problems.push({
      what: `Nobody runs the connectors of \`${name}\``,
      got: `replicas: ${replicas}`,
      expected: "at least 1",
      fix: "Set `replicas` to 1 or more",
    });
  }
  if (size.memory.bytes < leastMemory.bytes) {
    problems.push({
      what: "A worker of Kafka Connect with so little memory is killed while it works",
      got: `memory: ${formatSize(size.memory)}`,
      expected: `at least ${formatSize(leastMemory)}`,
      fix: "Give `memory` more",
    });
  }
  return problems;
}
