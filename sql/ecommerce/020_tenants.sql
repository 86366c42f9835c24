CREATE TABLE tenants (
  tenant_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL CHECK (name <> ''),
  plan text NOT NULL DEFAULT 'standard' CHECK (plan IN ('trial', 'standard', 'enterprise')),
  country text NOT NULL REFERENCES countries (code),
  currency text NOT NULL REFERENCES currencies (code),
  created_at timestamptz NOT NULL DEFAULT now()
);
