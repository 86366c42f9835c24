import type { Problem } from "../../common/problem";
import type { Application } from "../application";
import { largestRecordBytes, topicLimitBytes } from "./record-limits";

/** The topics of an application's events. No other topics are created. */
export interface WantedTopics {
  readonly names: readonly string[];
  /** The largest record that the outbox accepts. */
  readonly recordBytes: number;
}

/** The topics that exist in Kafka. */
export interface FoundTopics {
  readonly names: readonly string[];
  /** The effective settings of the wanted topics that exist: their own or the broker's. */
  readonly settings: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Topic settings that limit the size of a record, in bytes. */
const limits = ["max.message.bytes", "segment.bytes"] as const;

/** The topic settings that are checked. */
export const topicSettings: readonly string[] = [...limits, "cleanup.policy"];

export function wantedTopics({ events, tenant }: Pick<Application, "events" | "tenant">): WantedTopics {
  return {
    names: events.aggregates.map(({ topic }) => topic),
    recordBytes: largestRecordBytes(events.maxPayload.bytes, tenant.type),
  };
}

/** Reports why events could not be written to their topics, or would not stay there. */
export function topicProblems({ names, recordBytes }: WantedTopics, found: FoundTopics): readonly Problem[] {
  return names.flatMap((name) => {
    const settings = found.settings.get(name);
    return settings ? settingProblems(name, recordBytes, settings) : collisions(name, found.names);
  });
}

/**
 * Reports an existing topic whose name collides. Kafka replaces dots by underscores in the names of metrics, and
 * rejects a topic whose metrics would have another topic's name.
 */
function collisions(name: string, existing: readonly string[]): readonly Problem[] {
  const metric = (topic: string) => topic.replaceAll(".", "_");
  const other = existing.find((topic) => topic !== name && metric(topic) === metric(name));
  if (other === undefined) return [];
  return [
    {
      what: `Kafka would refuse to make the topic ${name}, and all events would stop behind its first: another one has the same name but for \`.\` and \`_\``,
      got: other,
      fix: "rename the aggregate or the application; or delete that topic, if nobody needs it",
    },
  ];
}

function settingProblems(
  topic: string,
  recordBytes: number,
  settings: Readonly<Record<string, string>>,
): readonly Problem[] {
  const change = (setting: string) =>
    `kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`;
  const small = limits
    .filter((limit) => Number(settings[limit]) < recordBytes)
    .map((limit) => ({
      what: `The topic ${topic} takes smaller records than the outbox lets through, and all events would stop behind one`,
      got: `${limit}=${settings[limit]}`,
      expected: `${recordBytes} or more`,
      fix: `${change(`${limit}=${topicLimitBytes}`)}; or lower \`events.maxPayload\``,
    }));
  if (!settings["cleanup.policy"]?.includes("compact")) return small;
  return [
    ...small,
    {
      what: `The topic ${topic} is compacted: of the events of one aggregate_id Kafka would keep the last`,
      got: `cleanup.policy=${settings["cleanup.policy"]}`,
      expected: "delete",
      fix: change("cleanup.policy=delete"),
    },
  ];
}
