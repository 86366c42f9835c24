import { type Claims, jsonType } from "./claim-check/claims";
import { Content } from "./claim-check/content";
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
   * Any JSON value, or a `Content`. Numbers are JavaScript's, so send amounts of money as text. Keep it small: what is
   * larger than the outbox accepts goes to the store of the option `claims`.
   */
  readonly payload: unknown;
}

export interface EmitOptions {
  /** The claim check, which stores payloads above the outbox's limit. @default none: they are refused */
  readonly claims?: Claims;
}

/**
 * Writes an event to the outbox, in the tenant's transaction: it reaches Kafka if, and only if, that commits.
 *
 * @returns the event's id, by which consumers recognise a redelivery
 * @throws TenantContextError outside `withTenant`
 * @throws PayloadTooLargeError if the payload is larger than `events.maxPayload` in `architecture.yaml`, without `claims`
 * @throws ClaimCheckError if the store refuses the payload or stays away; the transaction then rolls back
 *
 * @example
 * await withTenant(pool, tenant, async (client) => {
 *   await client.query("INSERT INTO ecommerce.orders …", […]);
 *   await emit(client, {
 *     aggregateType: "order", aggregateId: orderId, type: "OrderPlaced", payload: { orderId, total: "12.50" },
 *   });
 * });
 */
export async function emit(client: TenantClient, event: OutboxEvent, options: EmitOptions = {}): Promise<string> {
  const transaction = transactionOf(client, "emit");
  const { claims } = options;
  if (event.payload instanceof Content) {
    if (claims) return emitClaim(client, event, event.payload, claims);
    throw new TypeError("A Content goes to the store: give emit the option `claims`");
  }
  const payload: string | undefined = JSON.stringify(event.payload);
  if (payload === undefined) throw new TypeError("The payload of an event must be a value that JSON can say");
  if (await claims?.limit.isExceededBy(client, payload)) {
    return emitClaim(client, event, new Content(Buffer.from(payload), jsonType), claims as Claims);
  }
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

/** Stores the content and emits a reference to it. A failure dooms the transaction, as one in the database would. */
async function emitClaim(
  client: TenantClient,
  { aggregateType, aggregateId, type }: OutboxEvent,
  content: Content,
  claims: Claims,
): Promise<string> {
  const transaction = transactionOf(client, "emit");
  try {
    const { dataref, datasha256, databytes, datakey, datacontenttype } = await claims.put(client, content);
    const { rows } = await client.query<{ id: string }>(
      "SELECT tenantry.emit_claim($1, $2, $3, $4, $5, $6, $7, $8, $9) AS id",
      [transaction.tenant, aggregateType, aggregateId, type, dataref, datasha256, databytes, datakey, datacontenttype],
    );
    return rows[0]?.id ?? "";
  } catch (error) {
    transaction.doomed ??= { cause: error };
    throw error;
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
    `The payload has ${Buffer.byteLength(payload)} bytes, and the outbox takes ${limit}: give emit the option claims (claim check), which stores it elsewhere and emits a reference, or raise events.maxPayload`,
    { cause: error },
  );
}
