import { z } from "zod";
import type { Application } from "../architecture/application";
import type { Problem } from "../common/problem";
import { listNames, suggest } from "../common/suggestion";
import { flag, wholeNumber } from "./pod-size";

/** What a stack makes in Kafka besides what Connect needs. */
export interface KafkaSettings {
  /** The topics of the events, and who may read them; off, Connect makes a topic with its first record. @default true on Kubernetes */
  readonly manageTopics: boolean;
  /** Copies of each partition, on servers that exist; on Kubernetes as the brokers keep. @default 3 */
  readonly replication: number;
  /** Copies that must be written before an event counts as acknowledged, on servers that exist. @default the brokers' own */
  readonly minInSync?: number;
  /** Users that read events, by their names in Kafka: of which aggregates. @default none */
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
 * The settings with their defaults, and what is wrong with them.
 *
 * @param isPlanned whether a plan decides how many copies there are, and nobody else
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

/** Users of the toolkit's own. */
const reservedUsers = ["tenantry", "connect"] as const;

/** The topics that each consumer reads, and whatever names an aggregate that there is not. */
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
