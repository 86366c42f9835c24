import { z } from "zod";

/**
 * The shop's events about orders and payments, on `ecommerce.order.events` and `ecommerce.payment.events`. Amounts are text,
 * because JavaScript would lose decimals of a JSON number.
 */
const amount = z.string().regex(/^\d+(\.\d{1,3})?$/, "an amount with up to three decimals");

const orderPlaced = z.object({
  orderId: z.uuid(),
  customerId: z.uuid(),
  placedAt: z.iso.datetime({ offset: true }),
  currency: z.string().length(3),
  total: amount,
  items: z.int().positive(),
});
const orderCancelled = z.object({ orderId: z.uuid() });
const paymentCaptured = z.object({ paymentId: z.uuid(), orderId: z.uuid(), currency: z.string().length(3), amount });

export type OrderPlaced = z.output<typeof orderPlaced>;
export type OrderCancelled = z.output<typeof orderCancelled>;
export type PaymentCaptured = z.output<typeof paymentCaptured>;

export type ShopEvent =
  | { readonly type: "OrderPlaced"; readonly payload: OrderPlaced }
  | { readonly type: "OrderCancelled"; readonly payload: OrderCancelled }
  | { readonly type: "PaymentCaptured"; readonly payload: PaymentCaptured };

/**
 * Parses an event. Returns undefined for an unknown type, which is not an error, because producers add types. Throws if the
 * payload does not match its type.
 */
export function parseShopEvent(type: string, payload: string): ShopEvent | undefined {
  switch (type) {
    case "OrderPlaced":
      return { type, payload: orderPlaced.parse(JSON.parse(payload)) };
    case "OrderCancelled":
      return { type, payload: orderCancelled.parse(JSON.parse(payload)) };
    case "PaymentCaptured":
      return { type, payload: paymentCaptured.parse(JSON.parse(payload)) };
    default:
      return undefined;
  }
}
