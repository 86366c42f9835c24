/** The number of shops that the scripts choose from. */
const shops = 1_000;
const productsPerShop = 5;

/** Computes an id from a number. A script that looked ids up would measure the look-up too. */
function id(kind: number, number: string): string {
  return `('00000000-0000-4000-8${String(kind).padStart(3, "0")}-' || lpad(${number}, 12, '0'))::uuid`;
}

/** Creates the shops, each with one customer and some products in stock. */
export const openShops = `
INSERT INTO ecommerce.tenants (tenant_id, name, country, currency)
  SELECT ${id(1, "shop::text")}, 'Shop ' || shop, 'DE', 'EUR' FROM generate_series(1, ${shops}) AS shop;
INSERT INTO ecommerce.customers (tenant_id, customer_id, email, name, country)
  SELECT ${id(1, "shop::text")}, ${id(2, "shop::text")}, 'customer@example.com', 'Customer', 'DE'
  FROM generate_series(1, ${shops}) AS shop;
INSERT INTO ecommerce.products (tenant_id, product_id, sku, name, price, currency)
  SELECT ${id(1, "shop::text")}, ${id(3, "product::text")}, 'SKU-' || product, 'Product', 11.240, 'EUR'
  FROM generate_series(1, ${shops}) AS shop, generate_series(1, ${productsPerShop}) AS product;
INSERT INTO ecommerce.inventory (tenant_id, product_id, on_hand)
  SELECT tenant_id, product_id, 1000000000 FROM ecommerce.products;
ANALYZE;`;

/** Deletes the rows that the scripts wrote. */
export const forgetOrders = "TRUNCATE ecommerce.orders, ecommerce.order_items, ecommerce.payments, tenantry.outbox";

const variables = `\\set shop random(1, ${shops})
\\set first random(1, ${productsPerShop - 1})
\\set second :first + 1
\\set high random(1, 4294967295)
\\set low random(1, 999999999999)`;

const tenant = id(1, ":shop::text");
const order = "(lpad(to_hex(:high::bigint), 8, '0') || '-0000-4000-8000-' || lpad(:low::text, 12, '0'))::uuid";

function item(line: number, product: string): string {
  const productId = id(3, `:${product}::text`);
  return `INSERT INTO ecommerce.order_items (tenant_id, order_id, placed_at, line, product_id, quantity, unit_price)
  VALUES (${tenant}, ${order}, now(), ${line}, ${productId}, 1, 11.240);
UPDATE ecommerce.inventory SET reserved = reserved + 1, updated_at = now()
  WHERE tenant_id = ${tenant} AND product_id = ${productId};`;
}

/** Places an order with two items that reserve stock, as `examples/ecommerce/shop.ts` does. Every WHERE has the tenant. */
const placeOrder = `INSERT INTO ecommerce.orders (tenant_id, order_id, placed_at, customer_id, currency, total, shipping_country)
  VALUES (${tenant}, ${order}, now(), ${id(2, ":shop::text")}, 'EUR', 22.480, 'DE');
${item(1, "first")}
${item(2, "second")}`;

/** The script for pgbench that writes only the business rows. */
export const bareScript = `${variables}
BEGIN;
${placeOrder}
COMMIT;
`;

/**
 * The script for pgbench that writes the same rows as a tenant, with the event in the same transaction. It begins the
 * transaction and sets the tenant in one round trip, as `withTenant` does.
 */
export const tenantScript = `${variables}
\\startpipeline
BEGIN;
SELECT tenantry.set_tenant(${tenant});
\\endpipeline
${placeOrder}
SELECT tenantry.emit(${tenant}, 'order', ${order}::text, 'OrderPlaced', jsonb_build_object(
  'orderId', ${order}, 'customerId', ${id(2, ":shop::text")}, 'placedAt', now(), 'currency', 'EUR',
  'total', '22.480', 'items', 2));
COMMIT;
`;
