import { z } from "zod";
import type { Application } from "../architecture/application";
import type { Problem } from "../common/problem";
import { listNames, suggest } from "../common/suggestion";
import { flag, wholeNumber } from "./pod-size";

/** Settings of a stack in Kafka, beside Connect's. */
export interface KafkaSettings {
  /**
   * True if the stack creates the topics of the events and grants the right to read them. If false, Connect creates a
   * topic with its first record. @default true on Kubernetes
   */
  readonly manageTopics: boolean;
  /** Copies of each partition on existing servers; on Kubernetes the brokers' settings decide. @default 3 */
  readonly replication: number;
  /**
   * Copies that must be written before an event counts as acknowledged, on existing servers. @default the brokers'
   * setting
   */
  readonly minInSync?: number;
  /** Kafka users that may read events, with the aggregates that each reads. @default none */
  readonly consumers: Readonly<Record<string, "all" | readonly string[]>>;
}

/** Part of the name of a Secret. */
export const userName = /^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/;
const readers = "`all`, or a list of aggregates such as `[order]`";

/** `tenantry:kafka` of a stack file. */
export const kafkaSchema = z.strictObject(
  {
    manageTopics: flag.exactOptional(),
    replication: wholeNumber(9).exactOptional(),
    consumers: z
      .record(
        z.string(),
        z.union([z.literal("all"), z.array(z.string()).min(1)], readers),
        `users, each with ${readers}`,
      )
      .superRefine((users, context) => {
        for (const user of Object.keys(users).filter((name) => !userName.test(name))) {
          const message = "a name of lower case letters, digits and dashes";
          context.addIssue({ code: "custom", path: [user], message });
        }
      })
      .default({}),
  },
  "an object with `manageTopics` and `consumers`",
);

/**
 * Returns the settings with their defaults, and the problems in them.
 *
 * @param isPlanned true if only a plan decides the number of copies
 */
export function kafkaSettings(
  given: z.output<typeof kafkaSchema> | undefined,
  { platform, isPlanned = false }: { readonly platform: "external" | "kubernetes"; readonly isPlanned?: boolean },
): { readonly settings: KafkaSettings; readonly problems: Problem[] } {
  const provisions = platform === "kubernetes";
  const settings = { manageTopics: provisions, replication: 3, consumers: {}, ...given };
  const problems: Problem[] = [];
  if (provisions && !isPlanned && given?.replication !== undefined) {
    problems.push({
      what: "The copies of a partition follow from the brokers that the stack provisions",
      got: `\`tenantry:kafka.replication: ${given.replication}\``,
      fix: "Remove `replication`, and set `tenantry:kubernetes.kafka.brokers`",
    });
  }
  if (!provisions && !settings.manageTopics && Object.keys(settings.consumers).length > 0) {
    problems.push({
      what: "Consumers are given their topics only where the stack makes these",
      got: `\`tenantry:kafka.consumers\` without \`manageTopics\``,
      fix: "Set `tenantry:kafka.manageTopics` to `true`, or remove `consumers` and give the rights in Kafka yourself",
    });
  }
  return { settings, problems };
}

/** Kafka users that tenantry itself uses. */
const reservedUsers = ["tenantry", "connect"] as const;

/**
 * Returns the topics that each consumer reads, and a problem for each aggregate that is not declared and each reserved
 * name.
 */
export function consumerTopics(
  { events }: Pick<Application, "events">,
  consumers: KafkaSettings["consumers"],
): { readonly topics: ReadonlyMap<string, readonly string[]>; readonly problems: Problem[] } {
  const byName = new Map(events.aggregates.map(({ name, topic }) => [name, topic]));
  const problems: Problem[] = [];
  const topics = new Map<string, readonly string[]>();
  for (const [user, reads] of Object.entries(consumers)) {
    if (reservedUsers.some((reserved) => reserved === user)) problems.push(reserved(user));
    const names = reads === "all" ? [...byName.keys()] : reads;
    for (const name of names.filter((name) => !byName.has(name)))
      problems.push(unknown(user, name, [...byName.keys()]));
    topics.set(
      user,
      names.flatMap((name) => byName.get(name) ?? []),
    );
  }
  return { topics, problems };
}

function reserved(user: string): Problem {
  return {
    what: `The consumer \`${user}\` has the name of a user of the toolkit's own`,
    expected: `none of ${listNames(reservedUsers)}`,
    fix: "Rename it in `tenantry:kafka.consumers`",
  };
}

function unknown(user: string, aggregate: string, known: readonly string[]): Problem {
  const meant = suggest(aggregate, known);
  return {
    what: `The consumer \`${user}\` reads an aggregate that \`architecture.yaml\` does not declare`,
    got: aggregate,
    expected: listNames(known),
    fix: meant
      ? `Write \`${meant}\` in \`tenantry:kafka.consumers\``
      : "Correct `tenantry:kafka.consumers`, or declare it",
  };
}
