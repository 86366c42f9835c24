import assert from "node:assert/strict";
import test from "node:test";
import { ramp } from "../../../bench/ramp";

async function ramped(most: number, rates: readonly number[]) {
  const asked: number[] = [];
  const peak = await ramp(most, async (clients) => {
    asked.push(clients);
    return rates[asked.length - 1] ?? 0;
  });
  return { peak, asked };
}

test("doubles the clients until throughput no longer grows, and returns the highest throughput", async () => {
  assert.deepEqual(await ramped(64, [100, 190, 300, 310, 900]), {
    peak: { clients: 8, perSecond: 310 },
    asked: [1, 2, 4, 8],
  });
});

test("returns the highest throughput if more clients lower it", async () => {
  assert.deepEqual(await ramped(64, [100, 90]), { peak: { clients: 1, perSecond: 100 }, asked: [1, 2] });
});

test("uses no more clients than allowed", async () => {
  assert.deepEqual(await ramped(3, [100, 200, 400]), { peak: { clients: 2, perSecond: 200 }, asked: [1, 2] });
});
