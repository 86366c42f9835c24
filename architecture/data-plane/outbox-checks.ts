import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import type { TenantType } from "../application";
import { mostBytes } from "./record-limits";

/** A CHECK constraint of the outbox. Its name serves as the error message for a rejected row. */
export interface OutboxCheck {
  readonly name: string;
  /** The expression in PostgreSQL's own form, so that it can be compared with the catalogs. */
  readonly expression: string;
}

/** The inputs of the checks of an outbox. */
export interface OutboxBounds {
  readonly column: string;
  readonly type: TenantType;
  readonly maxPayloadBytes: number;
  /** @default any whose name can be part of a topic's name */
  readonly aggregates?: readonly string[];
}

/** PostgreSQL's own limit of a payload. */
export const anySize = 2 ** 30;

/** The form of a name that can be part of a topic's name. */
export const topicPart = /^[a-zA-Z0-9._-]{1,100}$/;

const payloadLimit = /^payload_at_most_(\d+)_bytes/;
const declared = "aggregate_type_is_declared_in_architecture_yaml";

/**
 * The checks of an outbox. A record that Kafka rejects, because of its size or its topic's name, stops the events of
 * all tenants behind it, and the connector can't prevent that. So a CHECK limits every column that becomes part of a
 * record. It holds on every node and in every partition, and unlike a foreign key it needs neither a lock nor a read of
 * another table.
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

/**
 * Limits bytes. Kafka receives UTF-8, which is also the database's encoding (provider/postgres/postgres-preflight.ts),
 * so both count the same bytes.
 */
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

/** True if the constraint is one of these checks, with current or former limits. */
export function isOutboxCheck(name: string): boolean {
  return /^(aggregate_type_is_|(tenant|aggregate_id|type|payload)_at_most_\d+_bytes)/.test(name);
}

/** True if both checks say the same. PostgreSQL quotes an identifier only if it must. */
export function isSameCheck(found: string | undefined, wanted: OutboxCheck): boolean {
  return found?.replaceAll('"', "") === wanted.expression.replaceAll('"', "");
}

/** Reads the limits back from the constraints of an outbox, given by name. */
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
