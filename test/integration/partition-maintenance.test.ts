import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import type { Client } from "pg";
import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { partitions } from "../../verify/checks/partitions";
import type { Target } from "../../verify/target";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const visits = {
  schema: "ecommerce",
  table: "visits",
  by: "at",
  every: lasting("1 day"),
  ahead: 4,
  dropAfter: "retention",
} as const satisfies PartitionSetInputs;
const days = {
  ...visits,
  schema: "tenantry",
  table: "outbox",
  by: "created_at",
  retention: lasting("3 days"),
} as const;
const kept = { ...days, dropAfter: "slots" } as const satisfies PartitionSetInputs;

/** A database with this default time zone for its sessions. */
async function withDatabase(t: TestContext, zone = "UTC"): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  await plane.admin.query(`ALTER DATABASE "${plane.endpoint.database}" SET timezone = '${zone}'`);
  return plane;
}

async function withVisits(t: TestContext, zone?: string, type = "timestamptz"): Promise<DataPlaneDatabase> {
  const plane = await withDatabase(t, zone);
  await plane.admin.query(`CREATE TABLE ecommerce.visits (at ${type} NOT NULL) PARTITION BY RANGE (at)`);
  return plane;
}

async function withOutbox(t: TestContext): Promise<DataPlaneDatabase> {
  const plane = await withDatabase(t);
  await outbox.create(plane.context, {
    column: "tenant_id",
    type: "uuid",
    colocateWith: "ecommerce.tenants",
    maxPayloadBytes: 8192,
    publication: "tenantry_outbox",
  });
  await partitionSet.create(plane.context, kept);
  return plane;
}

/** Connects as pg_partman's worker does: with the settings of the database. */
async function asWorker(plane: DataPlaneDatabase): Promise<Client> {
  const client = await plane.connect(plane.endpoint);
  await client.query("RESET timezone");
  return client;
}

const emit = ({ admin }: DataPlaneDatabase, offset: string) =>
  admin.query(
    `INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
     VALUES ($1, now() + $2::interval, 'order', '1', 'OrderPlaced', '{}')`,
    [randomUUID(), offset],
  );

async function faults({ admin }: DataPlaneDatabase, name = "ecommerce.visits"): Promise<string[]> {
  const { rows } = await admin.query<{ fault: string }>("SELECT tenantry.partition_faults($1) AS fault", [name]);
  return rows.map(({ fault }) => fault);
}

async function names({ admin }: DataPlaneDatabase): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT relname AS name FROM tenantry.partition_periods('ecommerce.visits') JOIN pg_class ON oid = partition
     ORDER BY lower(period)`,
  );
  return rows.map(({ name }) => name);
}

const more = (n: number, name = "ecommerce.visits") =>
  `UPDATE partman.part_config SET premake = premake + ${n} WHERE parent_table = '${name}'`;

async function look({ admin }: DataPlaneDatabase, ...sets: readonly PartitionSetInputs[]) {
  const declarations = sets.map((inputs) => ({ noun: "PartitionSet", name: inputs.table, inputs }));
  return partitions.run({ admin, declarations } as unknown as Target);
}

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

test("gives other partition names to tables whose names pg_partman would cut to the same name, or rejects them", {
  skip,
}, async (t) => {
  const plane = await withDatabase(t);
  const long = "a_table_whose_name_is_as_long_as_a_name_may_be_for_it_";
  for (const end of ["first", "second", "third"]) {
    await plane.admin.query(`CREATE TABLE ecommerce.${long}${end} (at timestamptz NOT NULL) PARTITION BY RANGE (at)`);
  }
  await partitionSet.create(plane.context, { ...visits, table: `${long}first` });
  await partitionSet.create(plane.context, { ...visits, table: `${long}second` });
  await plane.admin.query(`INSERT INTO ecommerce.${long}second SELECT now()`);
  await assert.rejects(
    partitionSet.create(plane.context, { ...visits, table: `${long}third` }),
    /cannot be made: .* has its name.*Rename that table/s,
  );
  const { rows } = await plane.admin.query("SELECT parent_table FROM partman.part_config ORDER BY 1");
  assert.deepEqual(rows, [{ parent_table: `ecommerce.${long}first` }, { parent_table: `ecommerce.${long}second` }]);
  const { rowCount } = await plane.admin.query(
    `SELECT FROM pg_inherits WHERE inhparent = 'ecommerce.${long}third'::regclass`,
  );
  assert.equal(rowCount, 0);
});

test("keeps a template table that two sets share until neither needs it", { skip }, async (t) => {
  const plane = await withDatabase(t);
  const long = "a_table_whose_name_is_as_long_as_a_name_may_be";
  for (const end of ["1", "2"]) {
    await plane.admin.query(`CREATE TABLE ecommerce.${long}${end} (at timestamptz NOT NULL) PARTITION BY RANGE (at)`);
  }
  const first = await partitionSet.create(plane.context, { ...visits, table: `${long}1` });
  const second = await partitionSet.create(plane.context, { ...visits, table: `${long}2` });
  await partitionSet.delete(plane.context, first.id, first.state);
  const next = { ...visits, table: `${long}2`, ahead: 9 };
  await partitionSet.update(plane.context, second.id, second.state, next);
  await partitionSet.delete(plane.context, second.id, { ...next, maintenance: "on" });
  const { rowCount } = await plane.admin.query("SELECT FROM pg_class WHERE relname LIKE 'template%'");
  assert.equal(rowCount, 0);
});

test("a server clock that jumps", { skip }, async (t) => {
  const closeToday = (plane: DataPlaneDatabase) =>
    plane.admin.query(`SELECT tenantry.close_partition(partition) FROM tenantry.partition_periods('tenantry.outbox')
      WHERE period @> now()`);
  /** Simulates a clock that jumped ten days forward since the last maintenance. */
  const leap = (plane: DataPlaneDatabase, doubted: string | null = null) =>
    plane.admin.query(
      `UPDATE tenantry.partition_clock SET seen_at = now() - interval '10 days' + coalesce(interval '10 days' - $1::interval, '0'),
         believed_at = now() - interval '10 days', doubted_since = now() - $1::interval`,
      [doubted],
    );
  const trusted = async ({ admin }: DataPlaneDatabase) =>
    (await admin.query("SELECT tenantry.trusted_now() > now() - interval '1 minute' AS trusted")).rows[0]?.trusted;

  for (const [how, open] of [
    [
      "the next round of maintenance",
      (plane: DataPlaneDatabase) => plane.admin.query("SELECT partman.run_maintenance()"),
    ],
    ["the retention", (plane: DataPlaneDatabase) => plane.admin.query("SELECT tenantry.drop_passed_partitions()")],
    [
      "`up --refresh`",
      async ({ context }: DataPlaneDatabase) => {
        const found =
          (await partitionSet.read(context, "tenantry.outbox", { ...kept, maintenance: "on" })) ?? assert.fail();
        assert.match(found.faults?.[0] ?? "", /^tenantry\.outbox_p\w+ is closed, and its time has not passed$/);
        assert.deepEqual(partitionSet.diff(found, kept), [{ path: "faults", how: "update" }]);
        assert.deepEqual(await partitionSet.update(context, "tenantry.outbox", found, kept), {
          ...kept,
          maintenance: "on",
        });
      },
    ],
  ] as const) {
    await t.test(`reopens today's partition, which a wrong clock had closed: ${how}`, async (t) => {
      const plane = await withOutbox(t);
      await closeToday(plane);
      await assert.rejects(emit(plane, "0"), /partition_is_closed/);
      const [verdict] = await look(plane, kept);
      assert.match(verdict?.seen ?? "", /is closed, and its time has not passed/);
      await open(plane);
      await emit(plane, "0");
      const { rowCount } = await plane.admin.query(
        "SELECT FROM tenantry.closed_partition AS c JOIN tenantry.partition_periods('tenantry.outbox') AS p USING (partition) WHERE period @> now()",
      );
      assert.equal(rowCount, 0, "a position that rows lie behind is forgotten");
    });
  }

  await t.test(
    "closes and drops nothing until the new time has lasted for a day, but creates partitions",
    async (t) => {
      const plane = await withOutbox(t);
      await leap(plane);
      await plane.admin.query(
        `CREATE TABLE tenantry.outbox_old PARTITION OF tenantry.outbox FOR VALUES FROM ('${daysAgo(9)}') TO ('${daysAgo(8)}')`,
      );
      await plane.admin.query("CREATE TABLE ecommerce.visits (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
      await partitionSet.create(plane.context, { ...visits, retention: lasting("20 days") });
      await plane.admin.query(
        `CREATE TABLE ecommerce.visits_old PARTITION OF ecommerce.visits
       FOR VALUES FROM ('${daysAgo(29)}') TO ('${daysAgo(25)}')`,
      );
      await plane.admin.query(more(3, "tenantry.outbox"));
      await plane.admin.query("SELECT partman.run_maintenance()");
      assert.deepEqual(await faults(plane, "tenantry.outbox"), []);
      const standing = async () =>
        (
          await plane.admin.query(
            `SELECT to_regclass('ecommerce.visits_old') IS NOT NULL AS visits, EXISTS (SELECT FROM tenantry.closed_partition
             WHERE partition = 'tenantry.outbox_old'::regclass) AS closed`,
          )
        ).rows[0];
      assert.deepEqual(await standing(), { visits: true, closed: false });
      const said = (await look(plane, kept)).find(({ subject }) => subject === "clock");
      assert.equal(said?.outcome, "warn");
      assert.match(said?.seen ?? "", /maintenance stood still, or the server's clock leapt/);

      await leap(plane, "1 day 1 minute");
      await plane.admin.query("UPDATE tenantry.partition_clock SET seen_at = now() - interval '1 minute'");
      await plane.admin.query("SELECT partman.run_maintenance()");
      assert.deepEqual(await standing(), { visits: false, closed: true });
    },
  );

  await t.test("is trusted after it returns, and not after it jumps again", async (t) => {
    const plane = await withDatabase(t);
    assert.equal(await trusted(plane), true);
    await leap(plane);
    assert.equal(await trusted(plane), false);
    assert.equal(await trusted(plane), false, "looking twice proves nothing");
    await plane.admin.query(
      "UPDATE tenantry.partition_clock SET seen_at = now() + interval '10 days', believed_at = now(), doubted_since = now() + interval '10 days'",
    );
    assert.equal(await trusted(plane), true, "it came back");
    await plane.admin.query(
      "UPDATE tenantry.partition_clock SET seen_at = now() - interval '5 days', believed_at = now() - interval '20 days', doubted_since = now() - interval '6 days'",
    );
    assert.equal(await trusted(plane), false, "it leapt twice");
  });
});

const daysAgo = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString().slice(0, 10);

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
