import { randomUUID } from "node:crypto";
import { emit, type TenantClient, withTenant } from "@tenantry/client";
import type { Pool } from "pg";
import type { OrderPlaced, PaymentCaptured } from "./order-events";

/** A tenant with products and customers. */
export interface Shop {
  readonly tenant: string;
  /** Connections to the database with the tenant's rows. */
  readonly pool: Pool;
  readonly currency: string;
  readonly customers: readonly string[];
  readonly products: readonly Product[];
}

interface Product {
  readonly id: string;
  /** In thousandths of the currency, so that sums stay exact. */
  readonly price: number;
}

export interface Order {
  readonly id: string;
  readonly shop: Shop;
  readonly placedAt: string;
  readonly currency: string;
  /** In thousandths of the currency. */
  readonly total: number;
}

/** Formats an amount as `numeric(12, 3)` does. */
export const amountText = (thousandths: number) => (thousandths / 1_000).toFixed(3);

/** Opens a shop for a new or existing tenant, with three customers, an event for each, and five products in stock. */
export async function openShop(pool: Pool, tenant: string, name: string): Promise<Shop> {
  const currency = "EUR";
  const customers = Array.from({ length: 3 }, () => randomUUID());
  const products = Array.from({ length: 5 }, (_, index) => ({ id: randomUUID(), price: 4_990 + 2_500 * index }));
  await withTenant(pool, tenant, async (client) => {
    await client.query(
      `INSERT INTO tenants (tenant_id, name, country, currency) VALUES ($1, $2, 'DE', $3) ON CONFLICT DO NOTHING`,
      [client.tenant, name, currency],
    );
    for (const id of customers) await addCustomer(client, id);
    for (const product of products) await addProduct(client, product, currency);
  });
  return { tenant, pool, currency, customers, products };
}

async function addCustomer(client: TenantClient, customerId: string): Promise<void> {
  const email = `${customerId}@example.com`;
  await client.query(
    "INSERT INTO customers (tenant_id, customer_id, email, name, country) VALUES ($1, $2, $3, $4, 'DE')",
    [client.tenant, customerId, email, `Customer ${customerId.slice(0, 4)}`],
  );
  const event = { aggregateType: "customer", aggregateId: customerId, type: "CustomerRegistered" };
  await emit(client, { ...event, payload: { customerId, country: "DE" } });
}

async function addProduct(client: TenantClient, { id, price }: Product, currency: string): Promise<void> {
  await client.query(
    `INSERT INTO products (tenant_id, product_id, sku, name, price, currency) VALUES ($1, $2, $3, $4, $5, $6)`,
    [client.tenant, id, `SKU-${id}`, `Product at ${amountText(price)}`, amountText(price), currency],
  );
  await client.query("INSERT INTO inventory (tenant_id, product_id, on_hand) VALUES ($1, $2, 1000000)", [
    client.tenant,
    id,
  ]);
}

/** Writes the order, its items, the reserved stock and the event in one transaction. */
export async function placeOrder(shop: Shop): Promise<Order> {
  const order = { id: randomUUID(), shop, placedAt: new Date().toISOString(), currency: shop.currency };
  const customerId = pick(shop.customers);
  // Sorted by id, so that two orders lock the same products in the same order and cannot deadlock.
  const lines = sample(shop.products, 1 + Math.floor(Math.random() * 3))
    .map((product) => ({ product, quantity: 1 + Math.floor(Math.random() * 3) }))
    .toSorted((a, b) => (a.product.id < b.product.id ? -1 : 1));
  const total = lines.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);
  await withTenant(
    shop.pool,
    shop.tenant,
    async (client) => {
      await client.query(
        `INSERT INTO orders
           (tenant_id, order_id, placed_at, customer_id, currency, total, shipping_country)
         VALUES ($1, $2, $3, $4, $5, $6, 'DE')`,
        [client.tenant, order.id, order.placedAt, customerId, order.currency, amountText(total)],
      );
      for (const [index, { product, quantity }] of lines.entries()) {
        await client.query(
          `INSERT INTO order_items (tenant_id, order_id, placed_at, line, product_id, quantity, unit_price)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [client.tenant, order.id, order.placedAt, index + 1, product.id, quantity, amountText(product.price)],
        );
        await client.query(
          "UPDATE inventory SET reserved = reserved + $3, updated_at = now() WHERE tenant_id = $1 AND product_id = $2",
          [client.tenant, product.id, quantity],
        );
      }
      const payload: OrderPlaced = {
        orderId: order.id,
        customerId,
        placedAt: order.placedAt,
        currency: order.currency,
        total: amountText(total),
        items: lines.length,
      };
      await emit(client, { aggregateType: "order", aggregateId: order.id, type: "OrderPlaced", payload });
    },
    { retries: 3 },
  );
  return { ...order, total };
}

/** Writes the payment, the order's new status and the event in one transaction. */
export async function payOrder(order: Order): Promise<string> {
  const paymentId = randomUUID();
  const amount = amountText(order.total);
  await withTenant(
    order.shop.pool,
    order.shop.tenant,
    async (client) => {
      await client.query(
        `INSERT INTO payments
           (tenant_id, payment_id, order_id, placed_at, method, status, currency, amount)
         VALUES ($1, $2, $3, $4, 'card', 'captured', $5, $6)`,
        [client.tenant, paymentId, order.id, order.placedAt, order.currency, amount],
      );
      await client.query(
        `UPDATE orders SET status = 'paid', updated_at = now()
         WHERE tenant_id = $1 AND placed_at = $2 AND order_id = $3`,
        [client.tenant, order.placedAt, order.id],
      );
      const payload: PaymentCaptured = { paymentId, orderId: order.id, currency: order.currency, amount };
      await emit(client, { aggregateType: "payment", aggregateId: order.id, type: "PaymentCaptured", payload });
    },
    { retries: 3 },
  );
  return paymentId;
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

function sample<T>(items: readonly T[], count: number): readonly T[] {
  const offset = Math.floor(Math.random() * items.length);
  return Array.from(
    { length: Math.min(count, items.length) },
    (_, index) => items[(offset + index) % items.length] as T,
  );
}
