import { type Problem, refuseIfAny } from "../../common/problem";
import { formatSize, type Size } from "../../common/size";
import { connectImage, connectSize } from "../../settings/kafka-servers";
import type { WorkerSize } from "../../settings/pod-size";

/** The options of a group of Connect workers. */
export interface ConnectOptions {
  readonly namespace: string;
  /** The address of Kafka, and the workers' login. */
  readonly kafka: KafkaLogin;
  /** Makes source connectors deliver exactly once; every connector of these workers then writes in transactions. @default true */
  readonly exactlyOnce?: boolean;
  /** The number of workers. When a worker fails, another takes over its connectors. @default 2 */
  readonly replicas?: number;
  /** @default 1 core, 2 GiB of memory */
  readonly size?: WorkerSize;
  /** Kafka Connect and Debezium. @default the image that `images/connect` builds */
  readonly image?: string;
  /** `required`: no two workers on one machine. @default "required" */
  readonly spread?: "required" | "preferred";
  /** The ConfigMap with `ca.crt`, by which connectors verify the database. @default none is mounted */
  readonly databaseAuthority?: string;
  /**
   * Secrets in the namespace that connectors refer to as `${secrets:NAMESPACE/NAME:KEY}`. Each value is a text that changes
   * with the Secret; a change restarts the workers one by one. @default none can be read
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Labels of the workers' pods, by which other network policies let them in. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Serves metrics for Prometheus at port 9404 of each pod. @default true */
  readonly metrics?: boolean;
}

interface KafkaLogin {
  readonly bootstrapServer: string;
  /** The Secret with the `*.crt` files by which the workers verify the brokers. */
  readonly authoritySecret: string;
  readonly user: string;
  /** The Secret with the user's `password`; Strimzi restarts the workers when it changes. */
  readonly passwordSecret: string;
}

/** The workers' valid options with every default filled in. */
export interface ConnectPlan extends Required<Omit<ConnectOptions, "databaseAuthority">> {
  readonly name: string;
  readonly databaseAuthority: string | undefined;
}

// Java's heap is three quarters of it. A worker needs 350 MiB to start, and each connector holds up to 32 MiB in its queue and
// 64 MiB for Kafka.
const leastMemory: Size = { bytes: 768 * 2 ** 20 };

/** Fills in the defaults. Throws Problems with everything that is invalid. */
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
