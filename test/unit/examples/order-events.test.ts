import assert from "node:assert/strict";
import test from "node:test";
import { parseShopEvent } from "../../../examples/ecommerce/order-events";
import { amountText } from "../../../examples/ecommerce/shop";

const payload = {
  orderId: "6a2f41a3-c54c-4d3b-9c3f-0d4c2c5f8f1a",
  customerId: "6a2f41a3-c54c-4d3b-9c3f-0d4c2c5f8f1b",
  placedAt: "2026-11-23T10:00:00Z",
  currency: "EUR",
  total: "12.500",
  items: 2,
};

test("an event is parsed by its type, and what it says besides is let by", () => {
  const event = parseShopEvent("OrderPlaced", JSON.stringify({ ...payload, giftWrap: true }));
  assert.deepEqual(event, { type: "OrderPlaced", payload });
});

test("a type that is not known is no error", () => {
  assert.equal(parseShopEvent("OrderGiftWrapped", "{}"), undefined);
});

test("a payload that is no JSON, or not what its type promises, is an error", () => {
  assert.throws(() => parseShopEvent("OrderPlaced", "{"));
  assert.throws(() => parseShopEvent("OrderPlaced", JSON.stringify({ ...payload, total: 12.5 })));
  assert.throws(() => parseShopEvent("PaymentCaptured", "{}"));
});

test("amounts keep their three decimals", () => {
  assert.equal(amountText(12_500), "12.500");
  assert.equal(amountText(5), "0.005");
});
