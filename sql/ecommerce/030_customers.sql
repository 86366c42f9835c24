CREATE TABLE customers (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id),
  customer_id uuid NOT NULL DEFAULT gen_random_uuid(),
  email text NOT NULL CHECK (email LIKE '%_@_%'),
  name text NOT NULL CHECK (name <> ''),
  country text NOT NULL REFERENCES countries (code),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, customer_id)
);

CREATE UNIQUE INDEX customers_email_key ON customers (tenant_id, lower(email));
