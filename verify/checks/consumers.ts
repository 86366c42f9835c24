import { eventsSchema } from "../../architecture/application-names";
import { outbox } from "../../architecture/data-plane/outbox-table";
import { quoteLiteral, quoteQualified } from "../../common/identifier";
import { readGroups } from "../../kafka/groups";
import { openKafka } from "../../kafka/kafka-client";
import type { Check } from "../check";
import { type Finding, pass, skip, warn } from "../finding";
import type { Target } from "../target";

/** Timeout of the search: to look for one consumer in all tenants' processed events may read the whole table. */
const patience = "5s";

/** Finds consumers that never recorded a processed event: they process a redelivery twice. */
export const consumers: Check = {
  name: "consumers",
  claim: "every consumer group of the application's topics records the events that it has processed",
  async run(target) {
    const topics = target.application.events.aggregates.map(({ topic }) => topic);
    if (topics.length === 0) return [skip(target.application.name, "no aggregate is declared")];
    // The groups read every tenant's events, and record this tenant's if it had any.
    const tenant = target.application.scope?.tenant?.name;
    if (tenant !== undefined && !(await hasEvents(target)))
      return [skip(tenant, "has no event that a consumer could have processed")];
    const groups = await readGroups(openKafka(target.endpoints.kafka, "tenantry-verify"), topics);
    // The toolkit's own groups come and go, and process nothing.
    const others = groups.filter((group) => !group.startsWith("tenantry-"));
    if (others.length === 0) return [skip(target.application.name, "no consumer group has read its topics")];
    const recording = await readRecording(target, others);
    if (!recording) return [skip("tenantry.processed_events", `could not be searched within ${patience}`)];
    return others.map((group) => judgeGroup(group, recording.has(group)));
  },
};

export function judgeGroup(group: string, records: boolean): Finding {
  if (records) return pass(group, "records the events that it has processed");
  return warn(
    group,
    "has read events and recorded none as processed: call `processOnce` in the transaction of its work, with the group's name, or the end of it, as the consumer",
  );
}

/** Consumer names that a group may use: its own, or its end, as in `order-summaries` of `shop-order-summaries`. */
export function namesOf(group: string): readonly string[] {
  const ends = [...group.matchAll(/[-._]/g)].map(({ index }) => group.slice(index + 1));
  return [group, ...ends].filter((name) => name !== "");
}

async function hasEvents({ admin, application }: Target): Promise<boolean> {
  const { rowCount } = await admin.query(
    `SELECT 1 FROM ${quoteQualified(eventsSchema(application), outbox.table)} LIMIT 1`,
  );
  return rowCount !== 0;
}

async function readRecording(
  { admin, application }: Target,
  groups: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  try {
    await admin.query(`BEGIN; SET LOCAL statement_timeout = '${patience}'`);
    const recording = new Set<string>();
    for (const group of groups) {
      // Uses literals: with parameters and a generic plan Citus may ask only one shard.
      const names = namesOf(group).map(quoteLiteral).join(", ");
      const { rowCount } = await admin.query(
        `SELECT 1 FROM ${quoteQualified(eventsSchema(application), "processed_events")} WHERE consumer IN (${names}) LIMIT 1`,
      );
      if (rowCount !== 0) recording.add(group);
    }
    return recording;
  } catch (error) {
    if ((error as { code?: string }).code === "57014") return undefined;
    throw error;
  } finally {
    await admin.query("ROLLBACK");
  }
}
