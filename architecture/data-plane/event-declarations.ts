import { type Duration, durationMs } from "../../common/duration";
import type { Application } from "../application";
import { eventsSchema } from "../application-names";
import { standardDefaults } from "../defaults";
import { declareClaims } from "./claim-tables";
import { declareColdRequests } from "./cold-requests";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { PartitionSetInputs } from "./declaration";
import { declareIsolation } from "./isolation-declaration";
import { hasOutbox, outbox } from "./outbox-table";
import type { Steps } from "./steps";
import { outboxGrants, processedEventsGrants } from "./table-grants";

/** Days for which outbox partitions are created in advance, and for which maintenance may be down. */
const outboxDaysAhead = 4;

/** Declares the outbox, the processed events and the requests for cold rows, co-located with the tenants' tables. */
export function declareEvents(steps: Steps, application: Application, settings: DataPlaneSettings): void {
  const { events, tenant, scope } = application;
  const schema = eventsSchema(application);
  const own = scope?.model === "schema";
  const placed = {
    ...(own && { schema }),
    column: tenant.column,
    type: tenant.type,
    ...(!own && { colocateWith: `${application.schema}.${tenant.table}` }),
  };
  steps.next();
  if (hasOutbox(application)) {
    const name = `${schema}.${outbox.table}`;
    const table = steps.add("Outbox", name, {
      ...placed,
      maxPayloadBytes: events.maxPayload.bytes,
      aggregates: events.aggregates.map(({ name }) => name).toSorted(),
      publication: outbox.publication,
    });
    const set = steps.add("PartitionSet", name, outboxPartitions(schema, events.retention, settings), [table]);
    declareIsolation(steps, application, { schema, table: outbox.table, grants: outboxGrants(application) }, [set]);
  }
  const processed = { schema, table: "processed_events" };
  const memory = steps.add("ProcessedEvents", `${schema}.${processed.table}`, {
    ...placed,
    retention: processedRetention(application),
  });
  declareIsolation(steps, application, { ...processed, grants: processedEventsGrants(application) }, [memory]);
  declareColdRequests(steps, application, settings);
  declareClaims(steps, application, settings);
}

function outboxPartitions(schema: string, retention: Duration, { defaults }: DataPlaneSettings): PartitionSetInputs {
  const { outboxInterval } = defaults ?? standardDefaults;
  return {
    schema,
    table: outbox.table,
    by: "created_at",
    every: outboxInterval,
    ahead: Math.ceil((outboxDaysAhead * 86_400_000) / durationMs(outboxInterval)),
    retention,
    dropAfter: "slots",
  };
}

/** Twice the longest retention of a topic, so that a replay of a whole topic recognises every processed event. */
function processedRetention({ events }: Application): Duration {
  const longest = [events.retention, ...events.aggregates.map(({ retention }) => retention)].toSorted(
    (a, b) => durationMs(b) - durationMs(a),
  )[0];
  const { count, unit } = longest ?? events.retention;
  return { count: 2 * count, unit };
}
