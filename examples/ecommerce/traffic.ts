import { type Order, payOrder, placeOrder, type Shop } from "./shop";

/** What was written so far: only what has committed. */
export interface Written {
  readonly orders: Order[];
  /** Orders that were paid for. */
  readonly paid: Set<string>;
  readonly errors: Map<string, number>;
}

export interface Traffic {
  readonly written: Written;
  /** Ends it when what is under way has committed or failed. */
  stop(): Promise<void>;
}

/** Of ten orders eight are paid for. */
const paidShare = 0.8;
const tickMs = 20;
/** Transactions under way. */
const atOnce = 10;

/**
 * Orders and payments in all shops at `rate` transactions a second, or as many as the database takes: ten at most are
 * under way, and what could not start in time is not made up for.
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
