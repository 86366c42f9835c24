-- One row per order for lists and searches. A consumer keeps it from the events of orders and payments, so it lags
-- behind them by moments and can be made anew from the topics. No foreign keys: events may come before what they
-- speak of.
CREATE TABLE order_summaries (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  customer_id uuid,
  status text NOT NULL,
  currency text,
  total numeric(14, 3) NOT NULL DEFAULT 0,
  paid numeric(14, 3) NOT NULL DEFAULT 0,
  items integer NOT NULL DEFAULT 0,
  placed_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, order_id)
);

CREATE INDEX order_summaries_latest ON order_summaries (tenant_id, placed_at DESC);
CREATE INDEX order_summaries_by_customer ON order_summaries (tenant_id, customer_id, placed_at DESC);
