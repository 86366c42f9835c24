CREATE TABLE carts (
  tenant_id uuid NOT NULL,
  cart_id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- NULL while the visitor has not signed in.
  customer_id uuid,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ordered', 'abandoned')),
  currency text NOT NULL REFERENCES currencies (code),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, cart_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, customer_id)
);

CREATE INDEX carts_open_by_customer ON carts (tenant_id, customer_id) WHERE status = 'open';

CREATE TABLE cart_items (
  tenant_id uuid NOT NULL,
  cart_id uuid NOT NULL,
  product_id uuid NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, cart_id, product_id),
  FOREIGN KEY (tenant_id, cart_id) REFERENCES carts (tenant_id, cart_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, product_id)
);

CREATE INDEX cart_items_by_product ON cart_items (tenant_id, product_id);
