CREATE VIEW order_totals WITH (security_invoker = true) AS
SELECT o.tenant_id, o.order_id, o.placed_at, o.customer_id, o.status, o.currency,
       o.total, coalesce(sum(i.quantity * i.unit_price), 0) AS items_total, count(i.line) AS lines
FROM orders AS o
LEFT JOIN order_items AS i
  ON i.tenant_id = o.tenant_id AND i.placed_at = o.placed_at AND i.order_id = o.order_id
GROUP BY o.tenant_id, o.order_id, o.placed_at, o.customer_id, o.status, o.currency, o.total;

CREATE VIEW stock WITH (security_invoker = true) AS
SELECT p.tenant_id, p.product_id, p.sku, p.name, s.on_hand - s.reserved AS available
FROM products AS p
JOIN inventory AS s ON s.tenant_id = p.tenant_id AND s.product_id = p.product_id
WHERE p.active;

GRANT SELECT ON order_totals, stock TO ecommerce_app, ecommerce_agent;
