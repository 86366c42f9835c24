import { processOnce, type TenantClient, withTenant } from "@tenantry/client";
import type { Pool } from "pg";
import type { EventRecord } from "../../kafka/record";
import { BadRecord } from "./consume";
import {
  type OrderCancelled,
  type OrderPlaced,
  type PaymentCaptured,
  parseShopEvent,
  type ShopEvent,
} from "./order-events";

export const consumer = "order-summaries";
export const topics = ["ecommerce.order.events", "ecommerce.payment.events"] as const;

/** The result of handling a record. `unknown` means that this consumer does not know the type. */
export type Outcome = "projected" | "redelivered" | "unknown";

/**
 * Projects one event into the read model, exactly once, in the transaction that records the event as processed. Orders and
 * payments come on two topics, in any order, so each statement merges its event into the existing row. Times come from
 * `excluded`, because Citus refuses now() in DO UPDATE SET.
 */
export async function projectRecord(pool: Pool, record: EventRecord): Promise<Outcome> {
  const event = parse(record);
  if (!event) return "unknown";
  return withTenant(
    pool,
    record.tenant,
    async (client) => {
      const delivery = { consumer, eventId: record.id };
      const { processed } = await processOnce(client, delivery, () => project(client, event));
      return processed ? "projected" : "redelivered";
    },
    { retries: 3 },
  );
}

function parse({ type, payload }: EventRecord): ShopEvent | undefined {
  try {
    return parseShopEvent(type, payload);
  } catch (error) {
    throw new BadRecord(`the payload is not that of ${type}`, { cause: error });
  }
}

function project(client: TenantClient, event: ShopEvent): Promise<unknown> {
  switch (event.type) {
    case "OrderPlaced":
      return placed(client, event.payload);
    case "PaymentCaptured":
      return captured(client, event.payload);
    case "OrderCancelled":
      return cancelled(client, event.payload);
  }
}

function placed(client: TenantClient, { orderId, customerId, currency, total, items, placedAt }: OrderPlaced) {
  return client.query(
    `INSERT INTO order_summaries AS known
       (tenant_id, order_id, customer_id, status, currency, total, items, placed_at)
     VALUES ($1, $2, $3, 'placed', $4, $5, $6, $7)
     ON CONFLICT (tenant_id, order_id) DO UPDATE SET
       customer_id = excluded.customer_id, currency = excluded.currency, total = excluded.total,
       items = excluded.items, placed_at = excluded.placed_at, updated_at = excluded.updated_at,
       status = CASE WHEN known.status = 'placed' AND known.paid >= excluded.total THEN 'paid' ELSE known.status END`,
    [client.tenant, orderId, customerId, currency, total, items, placedAt],
  );
}

function captured(client: TenantClient, { orderId, currency, amount }: PaymentCaptured) {
  return client.query(
    `INSERT INTO order_summaries AS known (tenant_id, order_id, status, currency, paid)
     VALUES ($1, $2, 'placed', $3, $4)
     ON CONFLICT (tenant_id, order_id) DO UPDATE SET
       paid = known.paid + excluded.paid, updated_at = excluded.updated_at,
       status = CASE WHEN known.status = 'placed' AND known.placed_at IS NOT NULL
         AND known.paid + excluded.paid >= known.total THEN 'paid' ELSE known.status END`,
    [client.tenant, orderId, currency, amount],
  );
}

function cancelled(client: TenantClient, { orderId }: OrderCancelled) {
  return client.query(
    `INSERT INTO order_summaries (tenant_id, order_id, status) VALUES ($1, $2, 'cancelled')
     ON CONFLICT (tenant_id, order_id) DO UPDATE SET status = 'cancelled', updated_at = excluded.updated_at`,
    [client.tenant, orderId],
  );
}
