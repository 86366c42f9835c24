-- Items and payments carry the order's placed_at: a query for one order reads one partition of each. They have no
-- foreign key to orders, because it would keep old partitions of orders from being dropped; the application writes an
-- order and its items in one transaction.

CREATE TABLE orders (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL DEFAULT gen_random_uuid(),
  placed_at timestamptz NOT NULL DEFAULT now(),
  customer_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'placed' CHECK (status IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled')),
  currency text NOT NULL REFERENCES currencies (code),
  total numeric(14, 3) NOT NULL CHECK (total >= 0),
  shipping_country text NOT NULL REFERENCES countries (code),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, placed_at, order_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, customer_id)
) PARTITION BY RANGE (placed_at);

CREATE INDEX orders_by_id ON orders (tenant_id, order_id);
CREATE INDEX orders_by_customer ON orders (tenant_id, customer_id, placed_at DESC);

CREATE TABLE order_items (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  placed_at timestamptz NOT NULL,
  line smallint NOT NULL CHECK (line > 0),
  product_id uuid NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  -- As it was when the order was placed.
  unit_price numeric(12, 3) NOT NULL CHECK (unit_price >= 0),
  PRIMARY KEY (tenant_id, placed_at, order_id, line),
  FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, product_id)
) PARTITION BY RANGE (placed_at);

CREATE INDEX order_items_by_product ON order_items (tenant_id, product_id, placed_at DESC);

CREATE TABLE payments (
  tenant_id uuid NOT NULL,
  payment_id uuid NOT NULL DEFAULT gen_random_uuid(),
  order_id uuid NOT NULL,
  placed_at timestamptz NOT NULL,
  method text NOT NULL CHECK (method IN ('card', 'invoice', 'transfer', 'wallet')),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'captured', 'refused', 'refunded')),
  currency text NOT NULL REFERENCES currencies (code),
  amount numeric(14, 3) NOT NULL CHECK (amount > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, placed_at, payment_id)
) PARTITION BY RANGE (placed_at);

CREATE INDEX payments_by_order ON payments (tenant_id, order_id);
