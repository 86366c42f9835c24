CREATE TABLE products (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id),
  product_id uuid NOT NULL DEFAULT gen_random_uuid(),
  sku text NOT NULL CHECK (sku <> ''),
  name text NOT NULL CHECK (name <> ''),
  price numeric(12, 3) NOT NULL CHECK (price >= 0),
  currency text NOT NULL REFERENCES currencies (code),
  active boolean NOT NULL DEFAULT true,
  attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, product_id),
  UNIQUE (tenant_id, sku)
);

-- A row of its own, because stock changes far more often than the product does.
CREATE TABLE inventory (
  tenant_id uuid NOT NULL,
  product_id uuid NOT NULL,
  on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
  reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, product_id),
  FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, product_id) ON DELETE CASCADE,
  CHECK (reserved <= on_hand)
);
