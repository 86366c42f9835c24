import { PayloadTooLargeError } from "./errors";
import { type TenantClient, transactionOf } from "./transaction";

export interface OutboxEvent {
  /** One of the aggregates in `architecture.yaml`. It decides the topic. */
  readonly aggregateType: string;
  /** The record's key: events of one aggregate keep their order. */
  readonly aggregateId: string;
  /** What happened: `OrderPlaced`. Travels as the header `type`. */
  readonly type: string;
  /**
   * Any JSON value. Keep it small: store large content elsewhere and send a reference. Numbers are JavaScript's, so
   * send amounts of money as text.
   */
  readonly payload: unknown;
}

/**
 * Writes an event to the outbox, in the tenant's transaction: it reaches Kafka if, and only if, that commits.
 *
 * @returns the event's id, by which consumers recognise a redelivery
 * @throws TenantContextError outside `withTenant`
 * @throws PayloadTooLargeError if the payload is larger than `events.maxPayload` in `architecture.yaml`
 *
 * @example
 * await withTenant(pool, tenant, async (client) => {
 *   await client.query("INSERT INTO ecommerce.orders …", […]);
 *   await emit(client, {
 *     aggregateType: "order", aggregateId: orderId, type: "OrderPlaced", payload: { orderId, total: "12.50" },
 *   });
 * });
 */
export async function emit(client: TenantClient, event: OutboxEvent): Promise<string> {
  const transaction = transactionOf(client, "emit");
  const payload: string | undefined = JSON.stringify(event.payload);
  if (payload === undefined) throw new TypeError("The payload of an event must be a value that JSON can say");
  try {
    // The function runs on the coordinator. Its one INSERT, with the tenant as a parameter, goes to the node of the
    // business rows, so the commit has one phase.
    const { rows } = await client.query<{ id: string }>("SELECT tenantry.emit($1, $2, $3, $4, $5) AS id", [
      transaction.tenant,
      event.aggregateType,
      event.aggregateId,
      event.type,
      payload,
    ]);
    return rows[0]?.id ?? "";
  } catch (error) {
    throw tooLarge(error, payload) ?? error;
  }
}

interface PostgresError {
  readonly code?: string;
  readonly message?: string;
}

/**
 * The outbox's size constraint has the limit in its name. Errors from Citus' workers name the constraint only in the
 * message.
 */
function tooLarge(error: unknown, payload: string): PayloadTooLargeError | undefined {
  const { code, message = "" } = (error ?? {}) as PostgresError;
  const limit = /payload_at_most_(\d+)_bytes/.exec(message)?.[1];
  if (code !== "23514" || limit === undefined) return undefined;
  return new PayloadTooLargeError(
    `The payload has ${Buffer.byteLength(payload)} bytes, and the outbox takes ${limit}: store the content elsewhere and emit a reference to it (claim check), or raise events.maxPayload`,
    { cause: error },
  );
}
