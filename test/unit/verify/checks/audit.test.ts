import assert from "node:assert/strict";
import test from "node:test";
import { judgeGroup, namesOf } from "../../../../verify/checks/consumers";
import { judgeSizes } from "../../../../verify/checks/event-sizes";
import { judgeOther, nearLimit } from "../../../../verify/checks/replication";
import { judgeScans } from "../../../../verify/checks/scans";
import { judgeShards, judgeShares } from "../../../../verify/checks/tenant-sizes";

const gib = 2 ** 30;

test("warns about payloads near the outbox's limit, and fails for those over it", () => {
  const sizes = { aggregate: "order", rows: 5, p99: 900 };
  assert.equal(judgeSizes({ ...sizes, largest: 1_000 }, 8_192).outcome, "pass");
  const near = judgeSizes({ ...sizes, largest: 7_000 }, 8_192);
  assert.equal(near.outcome, "warn");
  assert.match(near.seen, /largest has 7,000 of 8,192 bytes.*maxPayload/);
  assert.equal(judgeSizes({ ...sizes, largest: 9_000 }, 8_192).outcome, "fail");
});

test("warns about a slot that retains half of its limit, before it loses events", () => {
  assert.equal(nearLimit({ retained: 9 * gib, limit: null }), undefined);
  assert.equal(nearLimit({ retained: 4 * gib, limit: 10 * gib }), undefined);
  assert.match(nearLimit({ retained: 6 * gib, limit: 10 * gib }) ?? "", /keeps 6144\.0 MiB of the 10240\.0 MiB/);
});

test("names the command that drops a slot without a reader", () => {
  const { outcome, seen } = judgeOther("coordinator", { name: "it's", retained: gib, limit: null });
  assert.equal(outcome, "warn");
  assert.match(seen, /keeps 1024\.0 MiB of the log, without a limit; .*pg_drop_replication_slot\('it''s'\)/);
});

test("reports a shard group far above the average, but never a small one", () => {
  const groups = (largest: number) =>
    [largest, 1, 1, 1, 1, 1, 1, 1].map((each) => ({ node: "w:1", bytes: each * gib, shard: "shop.orders_1" }));
  assert.equal(judgeShards("shop", groups(2))[0]?.outcome, "pass");
  assert.deepEqual(judgeShards("shop", groups(20)), [
    {
      outcome: "warn",
      subject: "shop",
      seen: "the shards beside shop.orders_1 on w:1 hold 20.0 GiB, 5.9 times the average: give their largest tenant a shard of its own",
    },
  ]);
  const small = groups(20).map((each) => ({ ...each, bytes: each.bytes / 1_024 }));
  assert.equal(judgeShards("shop", small)[0]?.outcome, "pass");
  assert.equal(judgeShards("shop", [])[0]?.outcome, "skip");
});

test("reports a tenant with most of a large table, from ANALYZE's sample", () => {
  const share = (of: number | null, bytes = 5 * gib) => ({ table: "shop.orders", bytes, share: of });
  assert.equal(judgeShares("shop", [share(null)])[0]?.outcome, "skip");
  assert.match(judgeShares("shop", [share(0.2)])[0]?.seen ?? "", /largest tenant has 20% of shop\.orders/);
  assert.equal(judgeShares("shop", [share(0.9, 1_000)])[0]?.outcome, "pass");
  const [told] = judgeShares("shop", [share(0.9)]);
  assert.deepEqual([told?.outcome, told?.subject], ["warn", "shop.orders"]);
  assert.match(told?.seen ?? "", /one tenant has 90% of its 5\.0 GiB/);
});

test("reports frequent full scans of large partitions", () => {
  const reads = { table: "shop.orders", rows: 1e6, sequential: 500, indexed: 1_000, since: "2026-11-01" };
  assert.match(judgeScans(reads).seen, /500 whole reads of partitions and 1,000 by index since 2026-11-01: bound/);
  assert.equal(judgeScans(reads).outcome, "warn");
  for (const fine of [{ rows: 100 }, { sequential: 5 }, { indexed: 1e6 }]) {
    assert.equal(judgeScans({ ...reads, ...fine }).outcome, "pass");
  }
});

test("reports a consumer group without processed events, but not one that records them under the end of its name", () => {
  assert.deepEqual(namesOf("shop-order-summaries"), ["shop-order-summaries", "order-summaries", "summaries"]);
  assert.equal(judgeGroup("g", true).outcome, "pass");
  assert.match(judgeGroup("g", false).seen, /recorded none as processed: call `processOnce`/);
});
