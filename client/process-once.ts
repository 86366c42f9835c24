import { type TenantClient, transactionOf } from "./transaction";

export interface Delivery {
  /** Name of the consumer. Each consumer processes an event once. */
  readonly consumer: string;
  /** The header `id` of the record. */
  readonly eventId: string;
}

/** `processed: false` for a redelivery, which is not an error. */
export type Processed<T> = { readonly processed: true; readonly value: T } | { readonly processed: false };

/**
 * Runs `work` the first time that this consumer sees this event, and never again: Kafka delivers at least once. The
 * record of the processed event commits with the writes of `work`; a second delivery at the same moment waits for the first one's end.
 *
 * If `work` throws, the transaction is rolled back even if that error is caught: a processed event without its work would lose
 * the event.
 *
 * @throws TenantContextError outside `withTenant`
 *
 * @example
 * await withTenant(pool, headers.tenant, (client) =>
 *   processOnce(client, { consumer: "order-summaries", eventId: headers.id }, async () => {
 *     await client.query("INSERT INTO ecommerce.order_summaries …", […]);
 *   }),
 * );
 */
export async function processOnce<T>(
  client: TenantClient,
  { consumer, eventId }: Delivery,
  work: () => Promise<T>,
): Promise<Processed<T>> {
  const transaction = transactionOf(client, "processOnce");
  const { rows } = await client.query<{ first: boolean }>("SELECT tenantry.process_once($1, $2, $3) AS first", [
    transaction.tenant,
    consumer,
    eventId,
  ]);
  if (!rows[0]?.first) return { processed: false };
  try {
    return { processed: true, value: await work() };
  } catch (error) {
    transaction.doomed ??= { cause: error };
    throw error;
  }
}
