import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import type { TenantType } from "../application";
import { mostBytes } from "./record-limits";

/** A CHECK constraint of the outbox. Its name is what whoever breaks it reads. */
export interface OutboxCheck {
  readonly name: string;
  /** As PostgreSQL writes it, so that it compares with what the catalogs say. */
  readonly expression: string;
}

/** What the checks of an outbox depend on. */
export interface OutboxBounds {
  readonly column: string;
  readonly type: TenantType;
  readonly maxPayloadBytes: number;
  /** @default any whose name can be part of a topic's */
  readonly aggregates?: readonly string[];
}

/** No payload is larger in PostgreSQL. */
export const anySize = 2 ** 30;

/** A name that can be part of a topic's. */
export const topicPart = /^[a-zA-Z0-9._-]{1,100}$/;

const payloadLimit = /^payload_at_most_(\d+)_bytes/;
const declared = "aggregate_type_is_declared_in_architecture_yaml";

/**
 * What the connector can't do: a record that Kafka refuses, by its size or its topic's name, stops the events of all tenants
 * behind it. So every column that becomes part of a record is bounded here, whoever writes the row. A CHECK holds on every
 * node and in every partition, and costs neither a lock nor a look at another table, as a reference to one would.
 */
export function outboxChecks(bounds: OutboxBounds): readonly OutboxCheck[] {
  const { column, type, maxPayloadBytes, aggregates } = bounds;
  const elsewhere = "or_put_it_into_the_payload";
  return [
    aggregates
      ? { name: declared, expression: isOneOf(aggregates) }
      : {
          name: "aggregate_type_is_part_of_a_topic_name",
          expression: `(aggregate_type ~ '${topicPart.source}'::text)`,
        },
    ...(type === "text" ? [atMost("tenant_at_most_", quoteIdentifier(column), mostBytes.tenant)] : []),
    atMost("aggregate_id_at_most_", "aggregate_id", mostBytes.aggregate_id, elsewhere),
    atMost("type_at_most_", "type", mostBytes.type, elsewhere),
    ...(maxPayloadBytes < anySize
      ? [atMost("payload_at_most_", "(payload)::text", maxPayloadBytes, "or_use_a_claim_check")]
      : []),
  ];
}

/** Kafka gets UTF-8, which the database has too (provider/postgres/postgres-preflight.ts): it counts the same bytes. */
function atMost(prefix: string, text: string, bytes: number, way = ""): OutboxCheck {
  return {
    name: [`${prefix}${bytes}_bytes`, way].filter((part) => part !== "").join("_"),
    expression: `(octet_length(${text}) <= ${bytes})`,
  };
}

function isOneOf(aggregates: readonly string[]): string {
  const names = aggregates.toSorted().map((name) => `${quoteLiteral(name)}::text`);
  return `(aggregate_type = ANY (${names.length === 0 ? "'{}'::text[]" : `ARRAY[${names.join(", ")}]`}))`;
}

/** Whether a constraint of the outbox is one of these, of today's bounds or of former ones. */
export function isOutboxCheck(name: string): boolean {
  return /^(aggregate_type_is_|(tenant|aggregate_id|type|payload)_at_most_\d+_bytes)/.test(name);
}

/** Whether they say the same: PostgreSQL quotes an identifier only where it must. */
export function isSameCheck(found: string | undefined, wanted: OutboxCheck): boolean {
  return found?.replaceAll('"', "") === wanted.expression.replaceAll('"', "");
}

/** What the constraints of an outbox hold, by their names. */
export function boundsOf(
  found: Readonly<Record<string, string>>,
): Pick<OutboxBounds, "maxPayloadBytes" | "aggregates"> {
  const limits = Object.keys(found).flatMap((name) => payloadLimit.exec(name)?.[1] ?? []);
  const list = found[declared];
  return {
    maxPayloadBytes: Math.min(...limits.map(Number), anySize),
    ...(list !== undefined && {
      aggregates: [...list.matchAll(/'([\w.-]+)'::text/g)].map(([, name = ""]) => name),
    }),
  };
}
