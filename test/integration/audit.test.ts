import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { quoteLiteral } from "../../common/identifier";
import { Problems } from "../../common/problem";
import { openKafka } from "../../kafka/kafka-client";
import type { Check } from "../../verify/check";
import { checks } from "../../verify/checks";
import { consumers } from "../../verify/checks/consumers";
import { replication } from "../../verify/checks/replication";
import { scans } from "../../verify/checks/scans";
import { tenantSizesFrom } from "../../verify/checks/tenant-sizes";
import { pass } from "../../verify/finding";
import { verify } from "../../verify/verify";
import { asWriter } from "../../verify/writer";
import { servers, skip } from "./servers";
import { amiss, type VerifiedShop, verifiedShop } from "./verified-shop";

const large = "11111111-1111-4111-8111-111111111111";
/** Enough shards that one of them can be far larger than the average. */
const shardCount = 12;

/** Inserts rows of one tenant, or of twenty, into this month's partition. */
const write = (tenant: string, rows: number) =>
  `INSERT INTO ecommerce.audit_log (tenant_id, actor, action, subject_type, subject_id)
     SELECT ${tenant}, 'a', 'b', 'c', repeat('x', 250) || n FROM generate_series(1, ${rows}) AS n`;
const twenty = "(ARRAY(SELECT md5(i::text)::uuid FROM generate_series(1, 20) AS i))[n % 20 + 1]";

test("verify audits a growing table", { skip }, async (t) => {
  const shop = await verifiedShop(t, { shardCount });
  const { run, look, isCitus } = shop;
  const tenantSizes = tenantSizesFrom(4 * 2 ** 20);
  const analyze = "ANALYZE ecommerce.audit_log";
  const subjectsOf = async (check: Check) => amiss(await look([check])).map(({ subject }) => subject);

  await t.test("reports no shard if many tenants have the same size", async () => {
    await run([write(twenty, 20_000), analyze]);
    assert.deepEqual(await subjectsOf(tenantSizes), []);
  });

  await t.test("ignores full scans of small partitions, and a few full scans of large ones", async () => {
    assert.deepEqual(await subjectsOf(scans), []);
  });

  await t.test("reports a tenant that has most of the rows", async () => {
    await run([write(quoteLiteral(large), 100_000), analyze]);
    const [found, ...others] = amiss(await look([tenantSizes]));
    assert.deepEqual(others, []);
    assert.equal(found?.outcome, "warn");
    if (isCitus) {
      assert.equal(found?.subject, "ecommerce");
      assert.match(found?.seen ?? "", /the shards beside ecommerce\.\w+ on [\w.]+:\d+ hold .*times the average/);
    } else {
      assert.equal(found?.subject, "ecommerce.audit_log");
      assert.match(found?.seen ?? "", /^one tenant has 8\d% of its .* plan a shard, or a database, of its own$/);
    }
  });

  await t.test("reports full scans of a large partition until most reads use an index", async () => {
    const whole = "SELECT count(*) FROM ecommerce.audit_log WHERE details ? 'nothing'";
    await run(Array.from({ length: 12 }, () => whole));
    await counted(shop);
    const [found, ...others] = amiss(await look([scans]));
    assert.deepEqual([others, found?.outcome, found?.subject], [[], "warn", "ecommerce.audit_log"]);
    assert.match(found?.seen ?? "", /^[\d,]+ whole reads of partitions and [\d,]+ by index.*bound the time/);
    const reads = Number(/^([\d,]+) whole/.exec(found?.seen ?? "")?.[1]?.replaceAll(",", ""));
    const byKey = `SELECT FROM ecommerce.audit_log WHERE tenant_id = ${quoteLiteral(large)} AND subject_type = 'c' AND subject_id = 'none'
      AND occurred_at > now() - interval '1 hour'`;
    await run(Array.from({ length: 10 * reads }, () => byKey));
    await counted(shop);
    assert.deepEqual(await subjectsOf(scans), []);
  });
});

/** A backend publishes its counters after one second; an idle one, such as a worker's, after ten. */
async function counted({ run, isCitus }: VerifiedShop): Promise<void> {
  await sleep(isCitus ? 11_000 : 1_500);
  await run(["SELECT pg_stat_force_next_flush()", "SELECT 1"]);
}

test("reports a consumer group until it records a processed event", { skip }, async (t) => {
  const { application, run, look } = await verifiedShop(t);
  const group = `audit-${randomUUID().slice(0, 8)}-totals`;
  const topic = application.events.aggregates[0]?.topic ?? "";
  const admin = openKafka(servers().kafka, "audit-test").admin();
  await admin.connect();
  t.after(async () => {
    await admin.deleteGroups([group]);
    await admin.disconnect();
  });
  const of = async () => (await look([consumers])).find(({ subject }) => subject === group);
  if (!(await admin.listTopics()).includes(topic)) await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  assert.equal(await of(), undefined);
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: "0" }] });
  const told = await of();
  assert.equal(told?.outcome, "warn");
  assert.match(told?.seen ?? "", /has read events and recorded none as processed: call `processOnce`/);
  await run(
    `INSERT INTO tenantry.processed_events (tenant_id, consumer, event_id) VALUES (${quoteLiteral(large)}, 'totals', gen_random_uuid())`,
  );
  assert.equal((await of())?.outcome, "pass");
});

test("reports an undeclared slot without a reader, and a declared slot that is missing", { skip }, async (t) => {
  const shop = await verifiedShop(t, { without: ["Connector"] });
  const [slot = ""] = shop.declarations.flatMap(({ noun, inputs }) =>
    noun === "ReplicationSlot" ? [inputs.slot] : [],
  );
  const node = shop.database.nodes.find(({ name }) => slot.endsWith(`_${name.replaceAll("-", "_")}`));
  assert.ok(node, slot);
  const declarations = shop.declarations.filter(
    ({ noun, inputs }) => noun !== "ReplicationSlot" || inputs.slot === slot,
  );
  const at = await shop.onNode(node);
  const forgotten = `forgotten_${randomUUID().slice(0, 8)}`;
  await at.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [forgotten]);
  const said = async () =>
    new Map(
      (await shop.look([replication], { declarations })).map(({ subject, outcome, seen }) => [
        subject,
        `${outcome}: ${seen}`,
      ]),
    );
  const unread = await said();
  assert.match(unread.get(slot) ?? "", /^fail: nobody reads it/);
  assert.match(
    unread.get(forgotten) ?? "",
    /^warn: nobody reads this slot on .* and it is not this stack's: keeps .* MiB of the log/,
  );
  for (const name of [forgotten, slot]) await at.query("SELECT pg_drop_replication_slot($1)", [name]);
  const gone = await said();
  assert.equal(gone.get(slot), "fail: the slot is not there");
  assert.equal(gone.get(forgotten), undefined);
});

test("reports a node with shards and without a slot, even if the stack does not list it", { skip }, async (t) => {
  if (servers().postgres.nodes.length === 1) return t.skip("this server has no Citus");
  const shop = await verifiedShop(t, { without: ["Connector"] });
  const slots = shop.declarations.flatMap(({ noun, inputs }) => (noun === "ReplicationSlot" ? [inputs] : []));
  const [kept, left] = slots;
  assert.ok(kept && left);
  const declarations = shop.declarations.filter(
    ({ noun, inputs }) => noun !== "ReplicationSlot" || inputs.slot === kept.slot,
  );
  const said = async () => await shop.look([replication], { declarations });
  const { rows } = await shop.admin.query<{ name: string }>(
    "SELECT name FROM tenantry.replication_positions() WHERE slots ? $1",
    [left.slot],
  );
  const [{ name } = { name: "" }] = rows;
  assert.ok(!(await said()).some(({ subject }) => subject === name));
  const at = await shop.onNode(left.node);
  await at.query("SELECT pg_drop_replication_slot($1)", [left.slot]);
  const found = (await said()).find(({ subject }) => subject === name);
  assert.equal(found?.outcome, "fail");
  assert.match(found?.seen ?? "", /^holds \d+ shard groups and has no slot: their events are read by nobody$/);
});

test("fails one check if a role's idle session ends, and continues with the next", {
  skip,
}, async (t) => {
  const { look, admin } = await verifiedShop(t);
  const ended: Check = {
    name: "ended",
    claim: "",
    run: (target) =>
      asWriter(target, large, async (client) => {
        const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        await endBackends(admin, "pid = $1", [rows[0]?.pid]);
        // Long enough for the end to arrive while nothing waits for an answer.
        await sleep(300);
        await client.query("SELECT");
        return [];
      }),
  };
  const after: Check = { name: "after", claim: "", run: async () => [pass("after", "ran")] };
  const [first, second] = await look([ended, after]);
  assert.equal(first?.outcome, "fail");
  assert.match(first?.seen ?? "", /^could not be checked: .*(terminat|connection)/i);
  assert.equal(second?.outcome, "pass");
});

test("ends the run with one error and its fix if the database goes away during verify", {
  skip,
}, async (t) => {
  const shop = await verifiedShop(t, { without: ["ReplicationSlot", "Connector"] });
  const { admin, application, declarations, database } = shop;
  const reports: string[] = [];
  const error: unknown = await verify(
    { application, declarations, endpoints: database.endpoints },
    checks,
    ({ check }) => {
      reports.push(check);
      // Like a failover: it ends all sessions at once, even in the middle of a statement.
      if (check === "policies")
        void endBackends(
          admin,
          "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        );
    },
  ).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems, String(error));
  assert.match(
    error.message,
    /^The connection to PostgreSQL at [\w.]+:\d+ broke while verify looked at `isolation`\n +got: .*\n +fix: .*log.* run verify again: it removes what this run left behind$/,
  );
  assert.equal(reports.at(-1), "policies");
  assert.deepEqual(
    amiss(await shop.look(checks.filter(({ name }) => ["isolation", "leaks", "redelivery"].includes(name)))),
    [],
  );
});

async function endBackends(admin: Client, which: string, values: readonly unknown[] = []): Promise<void> {
  await admin.query(`SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${which}`, [...values]);
}
