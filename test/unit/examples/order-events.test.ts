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

test("parses an event by its type, and ignores additional fields", () => {
  const event = parseShopEvent("OrderPlaced", JSON.stringify({ ...payload, giftWrap: true }));
  assert.deepEqual(event, { type: "OrderPlaced", payload });
});

test("returns undefined for an unknown type", () => {
  assert.equal(parseShopEvent("OrderGiftWrapped", "{}"), undefined);
});

test("throws an error for a payload that is not JSON or does not match its type", () => {
  assert.throws(() => parseShopEvent("OrderPlaced", "{"));
  assert.throws(() => parseShopEvent("OrderPlaced", JSON.stringify({ ...payload, total: 12.5 })));
  assert.throws(() => parseShopEvent("PaymentCaptured", "{}"));
});

test("keeps the three decimals of amounts", () => {
  assert.equal(amountText(12_500), "12.500");
  assert.equal(amountText(5), "0.005");
});
