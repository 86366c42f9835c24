import { type Order, payOrder, placeOrder, type Shop } from "./shop";

/** The ids that have been written and committed so far. */
export interface Written {
  readonly orders: Order[];
  /** Paid orders. */
  readonly paid: Set<string>;
  readonly errors: Map<string, number>;
}

export interface Traffic {
  readonly written: Written;
  /** Stops new transactions and waits until the running ones have committed or failed. */
  stop(): Promise<void>;
}

/** The share of orders that are paid. */
const paidShare = 0.8;
const tickMs = 20;
/** The limit of concurrent transactions. */
const atOnce = 10;

/**
 * Places orders and pays for them in all shops, with `rate` transactions per second or as many as the database can take. At
 * most ten run at once, and transactions that could not start in time are skipped.
 */
export function startTraffic(shops: readonly Shop[], rate: number): Traffic {
  const written: Written = { orders: [], paid: new Set(), errors: new Map() };
  const underWay = new Set<Promise<void>>();
  const unpaid: Order[] = [];
  let due = 0;
  let next = 0;
  const timer = setInterval(() => {
    due = Math.min(due + (rate * tickMs) / 1_000, rate);
    for (; due >= 1 && underWay.size < atOnce; due -= 1) {
      const order = unpaid.shift();
      const shop = shops[next++ % shops.length];
      const work = (order ? pay(order) : place(shop)).catch((error: unknown) => count(written.errors, error));
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    }
  }, tickMs);

  async function place(shop: Shop | undefined): Promise<void> {
    if (!shop) return;
    const order = await placeOrder(shop);
    written.orders.push(order);
    if (Math.random() < paidShare) unpaid.push(order);
  }

  async function pay(order: Order): Promise<void> {
    await payOrder(order);
    written.paid.add(order.id);
  }

  return {
    written,
    async stop() {
      clearInterval(timer);
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

function count(errors: Map<string, number>, error: unknown): void {
  const { message } = error as Error;
  errors.set(message, (errors.get(message) ?? 0) + 1);
}
