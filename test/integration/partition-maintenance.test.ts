import assert from "node:assert/strict";
import test from "node:test";
import { partitionSet } from "../../provider/resources/partition-set";
import { lasting } from "../unit/lasting";
import type { DataPlaneDatabase } from "./data-plane-database";
import {
  asWorker,
  faults,
  kept,
  look,
  more,
  names,
  visits,
  withDatabase,
  withOutbox,
  withVisits,
} from "./partition-database";
import { skip } from "./servers";

const isOld = async ({ context }: DataPlaneDatabase) =>
  (await context.database.facts).partman?.version.startsWith("4.") === true;

const zones = [
  ["America/New_York", "1 day"],
  ["America/New_York", "1 hour"],
  ["Pacific/Kiritimati", "1 day"],
  ["Pacific/Kiritimati", "1 hour"],
  ["Asia/Kathmandu", "1 hour"],
  ["Australia/Lord_Howe", "1 week"],
  ["America/New_York", "1 month"],
] as const;

test("creates partitions without gaps, in any time zone and by any caller", {
  skip,
}, async (t) => {
  for (const [zone, every] of zones) {
    await t.test(`each ${every}, in a database of ${zone}`, async (t) => {
      const plane = await withVisits(t, zone);
      await partitionSet.create(plane.context, { ...visits, every: lasting(every) });
      const worker = await asWorker(plane);
      for (const call of [
        "SELECT partman.run_maintenance(p_analyze := false, p_jobmon := true)",
        "CALL partman.run_maintenance_proc()",
        "SELECT partman.run_maintenance('ecommerce.visits')",
      ]) {
        await plane.admin.query(more(7));
        await worker.query(call);
        assert.deepEqual(await faults(plane), [], call);
      }
      const { rows } = await plane.admin.query(
        "SELECT array_length(array_agg(p), 1) AS pieces FROM unnest((SELECT range_agg(period) FROM tenantry.partition_periods('ecommerce.visits'))) AS p",
      );
      assert.deepEqual(rows, [{ pieces: 1 }]);
      const { rowCount } = await plane.admin.query(
        `INSERT INTO ecommerce.visits SELECT now() + n * $1::interval / 2 FROM generate_series(-6, 48) AS n`,
        [every],
      );
      assert.equal(rowCount, 55);
    });
  }

  for (const type of ["timestamp", "date"]) {
    await t.test(`of a ${type}, today and tomorrow in every zone`, async (t) => {
      const plane = await withVisits(t, "Pacific/Kiritimati", type);
      await partitionSet.create(plane.context, { ...visits, ahead: 1 });
      for (const zone of ["Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
        await plane.admin.query(`SET timezone = '${zone}'; INSERT INTO ecommerce.visits SELECT now()`);
      }
    });
  }

  await t.test("also if pg_partman's functions are called one by one", async (t) => {
    const plane = await withVisits(t, "America/New_York");
    await partitionSet.create(plane.context, visits);
    const worker = await asWorker(plane);
    const { rows } = await worker.query<{ last: string }>(
      "SELECT max(upper(period))::text AS last FROM tenantry.partition_periods('ecommerce.visits')",
    );
    await worker.query("SELECT partman.create_partition_time('ecommerce.visits', ARRAY[$1::timestamptz])", [
      rows[0]?.last,
    ]);
    const before = await names(plane);
    assert.equal(before.length, new Set(before).size);
    await plane.admin.query(more(1));
    assert.deepEqual(await faults(plane), []);
  });
});

test("reports a set created by pg_partman in two time zones, and repairs it with its rows", { skip }, async (t) => {
  for (const [zone, every] of zones.slice(0, 4)) {
    await t.test(`each ${every}, in a database of ${zone}`, async (t) => {
      const plane = await withVisits(t, zone);
      const set = { ...visits, every: lasting(every), ahead: 20 };
      const { id, state } = await partitionSet.create(plane.context, { ...set, ahead: 4 });
      // Restores pg_partman's state from before tenantry changed its functions.
      await plane.admin.query(`DO $$ DECLARE f regprocedure; BEGIN
        FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'partman'::regnamespace AND proconfig @> '{TimeZone=UTC}'
        LOOP EXECUTE format('ALTER FUNCTION %s RESET timezone', f); END LOOP; END $$`);
      await plane.admin.query(more(16));
      const worker = await asWorker(plane);
      await worker.query("SELECT tenantry.partman_run_maintenance('ecommerce.visits')");
      const before = await plane.admin.query(
        "SELECT count(*)::int AS n FROM tenantry.partition_periods('ecommerce.visits')",
      );

      const found = (await partitionSet.read(plane.context, id, { ...state, ahead: 20 })) ?? assert.fail();
      assert.equal(found.maintenance, "off");
      assert.ok(partitionSet.diff(found, set).some(({ path }) => path === "maintenance"));
      if (zone === "America/New_York") {
        assert.match(found.faults?.[0] ?? "", /^no partition takes rows from \d{4}-\d\d-\d\d \d\d:00:00\+00 to /);
        const [verdict] = await look(plane, set);
        assert.equal(verdict?.outcome, "fail");
        assert.match(verdict?.seen ?? "", /no partition takes rows from/);
      }
      const repaired = await partitionSet.update(plane.context, id, found, set);
      assert.deepEqual(repaired, { ...set, maintenance: "on" });
      await plane.admin.query(more(30));
      await worker.query("SELECT partman.run_maintenance()");
      assert.deepEqual(await faults(plane), []);
      const after = await plane.admin.query(
        "SELECT count(*)::int AS n FROM tenantry.partition_periods('ecommerce.visits')",
      );
      assert.ok(after.rows[0].n >= before.rows[0].n + 29, "none was dropped");
      if (zone === "Pacific/Kiritimati") assert.deepEqual(await names(plane), (await names(plane)).toSorted());
    });
  }

  await t.test("fills a gap of an hour between two partitions with a partition of an hour", async (t) => {
    const plane = await withVisits(t);
    const { id, state } = await partitionSet.create(plane.context, visits);
    const { rows } = await plane.admin.query<{ last: string; name: string }>(
      `SELECT upper(period)::text AS last, partition::text AS name FROM tenantry.partition_periods('ecommerce.visits')
       ORDER BY period DESC LIMIT 1`,
    );
    await plane.admin.query(
      `CREATE TABLE ecommerce.by_hand PARTITION OF ecommerce.visits FOR VALUES
       FROM ('${rows[0]?.last}'::timestamptz + interval '1 hour') TO ('${rows[0]?.last}'::timestamptz + interval '1 day')`,
    );
    const next = { ...visits, ahead: 6 };
    assert.deepEqual(await partitionSet.update(plane.context, id, state, next), { ...next, maintenance: "on" });
    assert.deepEqual(await faults(plane), []);
    assert.ok((await names(plane)).includes("by_hand"));
  });
});

test("maintains other sets if one is faulty", { skip }, async (t) => {
  const broken: readonly { readonly what: string; readonly sql: string; readonly seen: RegExp }[] = [
    { what: "a table that is gone", sql: "DROP TABLE ecommerce.visits", seen: /the table is gone/ },
    {
      what: "a retention that reaches beyond all time",
      sql: "UPDATE partman.part_config SET retention = '99999999 years' WHERE parent_table = 'ecommerce.visits'",
      seen: /out of range/,
    },
    {
      what: "a default partition with a row of the day that comes next",
      sql: `CREATE TABLE ecommerce.rest PARTITION OF ecommerce.visits DEFAULT;
            INSERT INTO ecommerce.visits SELECT now() + interval '6 days'; ${more(4)}`,
      seen: /default partition|overlap/,
    },
    {
      what: "a partition by hand in the place of the next, with another's name on it",
      sql: `${more(2)}; DO $$ DECLARE n name := tenantry.partition_name('ecommerce.visits',
              date_trunc('day', now(), 'UTC') + interval '5 days', (tenantry.partition_set('ecommerce.visits')).name_format);
            BEGIN EXECUTE format('CREATE TABLE ecommerce.%I (a int)', n);
              EXECUTE format('CREATE TABLE ecommerce.%I (a int)', tenantry.partition_name('ecommerce.visits',
                date_trunc('day', now(), 'UTC') + interval '5 days', 'YYYYMMDD_HH24MISS')); END $$`,
      seen: /has its name/,
    },
    {
      what: "a length that is none",
      sql: "UPDATE partman.part_config SET partition_interval = 'often' WHERE parent_table = 'ecommerce.visits'",
      seen: /invalid input syntax for type interval/,
    },
  ];
  for (const { what, sql, seen } of broken) {
    await t.test(what, async (t) => {
      const plane = await withOutbox(t);
      await plane.admin.query("CREATE TABLE ecommerce.visits (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
      await partitionSet.create(plane.context, visits);
      await plane.admin.query(sql);
      for (const call of ["SELECT partman.run_maintenance()", "CALL partman.run_maintenance_proc()"]) {
        await plane.admin.query(more(3, "tenantry.outbox"));
        assert.notDeepEqual(await faults(plane, "tenantry.outbox"), []);
        await plane.admin.query(call);
        assert.deepEqual(await faults(plane, "tenantry.outbox"), [], call);
      }
      assert.match(plane.said.join("\n"), /the partitions of ecommerce.visits were not maintained: /);
      const { rows } = await plane.admin.query(
        "SELECT set_name, error FROM tenantry.partition_maintenance WHERE error IS NOT NULL",
      );
      assert.deepEqual(
        rows.map(({ set_name }) => set_name),
        ["ecommerce.visits"],
      );
      assert.match(rows[0]?.error, seen);
      const said = await look(plane, kept, visits);
      assert.equal(said.find(({ subject }) => subject === "tenantry.outbox")?.outcome, "pass");
      assert.equal(said.find(({ subject }) => subject === "ecommerce.visits")?.outcome, "fail");
      // Verify also reports the errors of undeclared sets.
      assert.match((await look(plane, kept)).find(({ subject }) => subject === "maintenance")?.seen ?? "", seen);
    });
  }

  await t.test("a table that another session has locked", async (t) => {
    const plane = await withOutbox(t);
    await plane.admin.query("CREATE TABLE ecommerce.visits (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
    await partitionSet.create(plane.context, visits);
    await plane.admin.query(`${more(3)}; ${more(3, "tenantry.outbox")}`);
    const holder = await plane.connect(plane.endpoint);
    await holder.query("BEGIN; LOCK TABLE ecommerce.visits IN SHARE UPDATE EXCLUSIVE MODE");
    await plane.admin.query("SELECT partman.run_maintenance()");
    assert.deepEqual(await faults(plane, "tenantry.outbox"), []);
    assert.match(plane.said.join("\n"), /ecommerce.visits were not maintained: .*lock timeout/);
    await holder.query("ROLLBACK");
    await plane.admin.query("SELECT partman.run_maintenance()");
    assert.deepEqual(await faults(plane), []);
  });
});

test("reports functions that an update of pg_partman restored, and replaces them again", { skip }, async (t) => {
  const plane = await withVisits(t);
  const { id, state } = await partitionSet.create(plane.context, visits);
  const { rows } = await plane.admin.query<{ body: string }>(
    "SELECT replace(pg_get_functiondef(oid), 'tenantry.partman_run_maintenance', 'partman.run_maintenance') AS body FROM pg_proc WHERE proname = 'partman_run_maintenance'",
  );
  await plane.admin.query(rows[0]?.body ?? assert.fail());
  const found = (await partitionSet.read(plane.context, id, state)) ?? assert.fail();
  assert.equal(found.maintenance, "off");
  const said = (await look(plane, visits)).find(({ subject }) => subject === "maintenance");
  assert.match(said?.seen ?? "", /pg_partman goes on by itself/);
  assert.deepEqual(await partitionSet.update(plane.context, id, found, visits), { ...visits, maintenance: "on" });
  const foreign = await plane.admin.query("SELECT FROM tenantry.foreign_partman_routines()");
  assert.equal(foreign.rowCount, 0);
});

test("leaves partition sets without a time key to pg_partman's own maintenance", { skip }, async (t) => {
  const plane = await withDatabase(t);
  await plane.admin.query("CREATE TABLE ecommerce.numbered (id bigint NOT NULL) PARTITION BY RANGE (id)");
  await plane.admin.query(
    `SELECT partman.create_parent('ecommerce.numbered', 'id', ${(await isOld(plane)) ? "'native', '10'" : "'10'"}, p_premake => 2)`,
  );
  const count = async () =>
    (
      await plane.admin.query(
        "SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'ecommerce.numbered'::regclass",
      )
    ).rows[0].n;
  const before = await count();
  await plane.admin.query("INSERT INTO ecommerce.numbered SELECT 15");
  await plane.admin.query("SELECT partman.run_maintenance()");
  assert.equal(await count(), before + 1);
});
