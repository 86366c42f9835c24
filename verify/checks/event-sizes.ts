import { eventsSchema } from "../../architecture/application-names";
import { hasOutbox } from "../../architecture/data-plane/outbox-table";
import { quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, pass, skip, warn } from "../finding";

/** Number of newest events that are measured, because the outbox may hold millions. */
const mostRows = 10_000;
/** Share of the limit from which one more field may be too much. */
const near = 0.8;

/** Compares payloads with the outbox's limit: a refused INSERT rolls back its business row too. */
export const eventSizes: Check = {
  name: "event sizes",
  claim: "no payload comes near the largest that the outbox takes",
  async run({ admin, application }) {
    if (!hasOutbox(application)) return [skip(application.name, "no aggregate is declared")];
    const { rows } = await admin.query<Sizes>(
      `SELECT aggregate_type AS aggregate, count(*)::int AS rows, max(bytes)::int AS largest,
         percentile_disc(0.99) WITHIN GROUP (ORDER BY bytes)::int AS p99
       FROM (SELECT aggregate_type, octet_length(payload::text) AS bytes FROM ${quoteQualified(eventsSchema(application), "outbox")}
         WHERE created_at > now() - interval '1 day' LIMIT ${mostRows}) AS newest
       GROUP BY aggregate_type ORDER BY 1`,
    );
    if (rows.length === 0) return [skip(`${eventsSchema(application)}.outbox`, "no event of the last day to measure")];
    return rows.map((sizes) => judgeSizes(sizes, application.events.maxPayload.bytes));
  },
};

export interface Sizes {
  readonly aggregate: string;
  readonly rows: number;
  /** In bytes, like the others. */
  readonly largest: number;
  readonly p99: number;
}

export function judgeSizes({ aggregate, rows, largest, p99 }: Sizes, most: number): Finding {
  const seen = `${rows.toLocaleString("en")} events: the largest has ${largest.toLocaleString("en")} of ${most.toLocaleString("en")} bytes, 99% have at most ${p99.toLocaleString("en")}`;
  if (largest > most) return fail(aggregate, `${seen}: the outbox's limit does not hold`);
  if (largest >= near * most)
    return warn(aggregate, `${seen}: send a reference to what is large, or raise \`maxPayload\``);
  return pass(aggregate, seen);
}
