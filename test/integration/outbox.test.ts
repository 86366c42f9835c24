import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import type { Client } from "pg";
import { publishedColumns } from "../../architecture/data-plane/outbox-table";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const wanted = {
  column: "tenant_id",
  type: "uuid",
  colocateWith: "ecommerce.tenants",
  maxPayloadBytes: 8192,
  aggregates: ["order", "payment"],
  publication: "tenantry_outbox",
} as const;

const days = {
  schema: "tenantry",
  table: "outbox",
  by: "created_at",
  every: lasting("1 day"),
  ahead: 2,
  retention: lasting("3 days"),
  dropAfter: "slots",
} as const;

const isolation = {
  schema: "tenantry",
  table: "outbox",
  column: "tenant_id",
  type: "uuid",
  grants: { ecommerce_app: ["SELECT", "INSERT"] },
} as const;

/** A database with an isolated outbox that has today's partitions and that the application's role may write. */
async function withOutbox(t: TestContext, allow: readonly string[] = []): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase(allow);
  t.after(() => plane.close());
  await outbox.create(plane.context, wanted);
  await partitionSet.create(plane.context, days);
  await tenantIsolation.create(plane.context, isolation);
  return plane;
}

async function inTenant<T>(client: Client, tenant: string, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

function emit(client: Client, tenant: string | null, payload: unknown = { total: "12.50" }, aggregate = "order") {
  const values = [tenant, aggregate, "o-1", "OrderPlaced", JSON.stringify(payload)];
  return client.query<{ id: string }>("SELECT tenantry.emit($1, $2, $3, $4, $5) AS id", values);
}

test("the outbox on a real server", { skip }, async (t) => {
  const [acme, globex] = [randomUUID(), randomUUID()] as const;
  const plane = await withOutbox(t);
  const app = await plane.asRole("app");

  await t.test("reads the outbox as it was created", async () => {
    const { state } = await outbox.create(plane.context, wanted);
    assert.deepEqual(outbox.diff(state, wanted), []);
    const { published, ...found } = (await outbox.read(plane.context, "tenantry.outbox", undefined)) ?? assert.fail();
    const { published: _, ...rest } = state;
    // Without Citus the table of its co-location group is unknown.
    assert.deepEqual({ ...found, colocateWith: rest.colocateWith }, rest);
    assert.deepEqual(new Set(published), new Set(publishedColumns("tenant_id")));
  });

  await t.test(
    "accepts an event of the transaction's tenant, and stores its time as timestamp and in microseconds",
    async () => {
      const id = await inTenant(app, acme, async () => (await emit(app, acme)).rows[0]?.id);
      const { rows } = await plane.admin.query(
        `SELECT tenant_id, aggregate_type, aggregate_id, type, payload::text,
         created_us = (extract(epoch FROM created_at) * 1000000)::bigint AS same_time
       FROM tenantry.outbox WHERE id = $1`,
        [id],
      );
      const event = {
        aggregate_type: "order",
        aggregate_id: "o-1",
        type: "OrderPlaced",
        payload: '{"total": "12.50"}',
      };
      assert.deepEqual(rows, [{ tenant_id: acme, ...event, same_time: true }]);
    },
  );

  await t.test("hides the event from other tenants, and from sessions without a tenant", async () => {
    const count = async () => (await app.query("SELECT FROM tenantry.outbox")).rowCount;
    assert.equal(await inTenant(app, acme, count), 1);
    assert.equal(await inTenant(app, globex, count), 0);
    assert.equal(await count(), 0);
  });

  await t.test(
    "rejects an event if no tenant is set, of another tenant, or of a null tenant, with the fix",
    async () => {
      await assert.rejects(emit(app, acme), {
        message: `tenant ${acme} is not the tenant of this transaction (none is set)`,
        hint: /^Call tenantry.set_tenant\(tenant\) first/,
      });
      await assert.rejects(
        inTenant(app, acme, () => emit(app, globex)),
        /is not the tenant of this transaction/,
      );
      await assert.rejects(
        inTenant(app, acme, () => emit(app, null)),
        /^error: tenant null is not the tenant/,
      );
      await assert.rejects(app.query("SELECT tenantry.set_tenant(NULL)"), /the tenant is null/);
    },
  );

  await t.test("rejects a payload over the limit in bytes, by a constraint whose name gives the limit", async () => {
    const fits = "é".repeat((8192 - 2) / 2);
    await inTenant(app, acme, () => emit(app, acme, fits));
    await assert.rejects(
      inTenant(app, acme, () => emit(app, acme, `${fits}x`)),
      {
        code: "23514",
        message: /payload_at_most_8192_bytes_or_use_a_claim_check/,
      },
    );
  });

  await t.test("rejects an undeclared aggregate, even if its name is similar to a declared one", async () => {
    for (const aggregate of [
      "",
      "zz",
      "zz.x",
      "Order",
      "ORDER",
      "order ",
      "ord.er",
      "new order",
      "ordre/é",
      "o".repeat(101),
    ]) {
      await assert.rejects(
        inTenant(app, acme, () => emit(app, acme, {}, aggregate)),
        { code: "23514", message: /aggregate_type_is_declared_in_architecture_yaml/ },
      );
    }
  });

  await t.test(
    "limits the bytes of every other column that becomes part of a record, also in rows written without emit",
    async () => {
      const insert = (client: Client, id: string, type: string) =>
        client.query(
          `INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload) VALUES ($1, 'order', $2, $3, '{}')`,
          [acme, id, type],
        );
      const huge = "x".repeat(1_200_000);
      await inTenant(app, acme, () => insert(app, "é".repeat(2048), "é".repeat(512)));
      for (const client of [app, plane.admin]) {
        for (const id of [huge, `${"é".repeat(2048)}x`]) {
          await assert.rejects(
            inTenant(client, acme, () => insert(client, id, "x")),
            { code: "23514", message: /aggregate_id_at_most_4096_bytes_or_put_it_into_the_payload/ },
          );
        }
        for (const type of [huge, `${"é".repeat(512)}x`]) {
          await assert.rejects(
            inTenant(client, acme, () => insert(client, "o-1", type)),
            { code: "23514", message: /type_at_most_1024_bytes_or_put_it_into_the_payload/ },
          );
        }
      }
    },
  );

  await t.test("does not let the application change events or run the operator's functions", async () => {
    await assert.rejects(
      inTenant(app, acme, () => app.query("DELETE FROM tenantry.outbox")),
      /permission denied/,
    );
    for (const call of ["drop_passed_partitions()", "replication_positions()", "guarded_partitions()"]) {
      await assert.rejects(app.query(`SELECT * FROM tenantry.${call}`), /permission denied/);
    }
    await assert.rejects(app.query("SELECT * FROM tenantry.partition_retention"), /permission denied/);
  });
});

test("shows and corrects changes made to the outbox by hand", { skip }, async (t) => {
  const plane = await withOutbox(t);
  // Runs the statements one at a time, because Citus forwards a whole message.
  const drift = async (...sql: string[]) => {
    for (const statement of sql) await plane.admin.query(statement);
    const found = (await outbox.read(plane.context, "tenantry.outbox", { ...wanted, ...seen })) ?? assert.fail();
    const paths = outbox.diff(found, wanted).map(({ path }) => path);
    const repaired = await outbox.update(plane.context, "tenantry.outbox", found, wanted);
    assert.deepEqual(outbox.diff(repaired, wanted), []);
    return paths;
  };
  const seen = { distributed: "missing", published: [], checks: "missing", shardCatalogs: "missing" } as const;

  await t.test("a dropped publication", async () => {
    assert.deepEqual(await drift("DROP PUBLICATION tenantry_outbox"), ["published"]);
  });
  await t.test("a changed column list", async () => {
    assert.deepEqual(await drift("ALTER PUBLICATION tenantry_outbox SET TABLE tenantry.outbox (id)"), ["published"]);
  });
  await t.test("a publication that also sends updates", async () => {
    assert.deepEqual(await drift("ALTER PUBLICATION tenantry_outbox SET (publish = 'insert, delete')"), ["published"]);
  });
  await t.test("a publication with another table", async () => {
    assert.deepEqual(await drift("ALTER PUBLICATION tenantry_outbox ADD TABLE ecommerce.tenants"), ["published"]);
  });
  await t.test("a dropped payload limit", async () => {
    const name = "payload_at_most_8192_bytes_or_use_a_claim_check";
    assert.deepEqual(await drift(`ALTER TABLE tenantry.outbox DROP CONSTRAINT ${name}`), ["maxPayloadBytes"]);
  });
  await t.test("another limit of a record, dropped or raised under the same name", async () => {
    const name = "type_at_most_1024_bytes_or_put_it_into_the_payload";
    const drop = `ALTER TABLE tenantry.outbox DROP CONSTRAINT ${name}`;
    assert.deepEqual(await drift(drop), ["checks"]);
    assert.deepEqual(
      await drift(drop, `ALTER TABLE tenantry.outbox ADD CONSTRAINT ${name} CHECK (octet_length(type) < 1e9)`),
      ["checks"],
    );
  });
  await t.test("a dropped or changed list of aggregates", async () => {
    const name = "aggregate_type_is_declared_in_architecture_yaml";
    const drop = `ALTER TABLE tenantry.outbox DROP CONSTRAINT ${name}`;
    assert.deepEqual(await drift(drop), ["aggregates", "checks"]);
    const more = "aggregate_type = ANY (ARRAY['order', 'payment', 'zz'])";
    assert.deepEqual(await drift(drop, `ALTER TABLE tenantry.outbox ADD CONSTRAINT ${name} CHECK (${more})`), [
      "aggregates",
    ]);
    assert.deepEqual(await drift(drop, `ALTER TABLE tenantry.outbox ADD CONSTRAINT ${name} CHECK (true)`), [
      "aggregates",
      "checks",
    ]);
  });
});

test("accepts an added aggregate and rejects a removed one at once, in every partition", { skip }, async (t) => {
  const plane = await withOutbox(t);
  const acme = randomUUID();
  const { admin, context } = plane;
  const { state } = await outbox.create(context, wanted);
  await inTenant(admin, acme, () => emit(admin, acme, {}, "payment"));
  const other = { ...wanted, aggregates: ["invoice", "order"] };
  assert.deepEqual(outbox.diff(state, other), [{ path: "aggregates", how: "update" }]);
  assert.match(
    outbox.preview(state, other)[0] ?? "",
    /new events of "payment" are refused; those in the outbox still go/,
  );
  const foreseen = await outbox.previewLive?.((sql, values) => context.database.query(sql, values), state, other);
  assert.equal(foreseen?.[0], '-- it holds 1 events of "payment", and takes no new ones');
  const updated = await outbox.update(context, "tenantry.outbox", state, other);
  assert.deepEqual(outbox.diff(updated, other), []);
  await inTenant(admin, acme, () => emit(admin, acme, {}, "invoice"));
  await assert.rejects(
    inTenant(admin, acme, () => emit(admin, acme, {}, "payment")),
    /is_declared/,
  );
  assert.equal((await admin.query("SELECT FROM tenantry.outbox WHERE aggregate_type = 'payment'")).rowCount, 1);
  const none = await outbox.update(context, "tenantry.outbox", updated, { ...wanted, aggregates: [] });
  assert.deepEqual(outbox.diff(none, { ...wanted, aggregates: [] }), []);
  await assert.rejects(
    inTenant(admin, acme, () => emit(admin, acme, {}, "order")),
    /is_declared/,
  );
});

test("limits tenants of type text too, because the tenant becomes a header", { skip }, async (t) => {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  const placed = { schema: "shop_acme", column: "Tenant", type: "text" } as const;
  await plane.admin.query("CREATE SCHEMA shop_acme");
  const { maxPayloadBytes, aggregates, publication } = wanted;
  const { state } = await outbox.create(plane.context, { ...placed, maxPayloadBytes, aggregates, publication });
  assert.deepEqual([state.checks, state.type], ["kept", "text"]);
  await plane.admin.query("CREATE TABLE shop_acme.outbox_all PARTITION OF shop_acme.outbox DEFAULT");
  const insert = (tenant: string) =>
    plane.admin.query(
      `INSERT INTO shop_acme.outbox ("Tenant", aggregate_type, aggregate_id, type, payload) VALUES ($1, 'order', '1', 'x', '{}')`,
      [tenant],
    );
  await insert("é".repeat(512));
  await assert.rejects(insert("x".repeat(100_000)), /tenant_at_most_1024_bytes/);
});

test("adds the limits to an old outbox, and keeps rows that exceed them", {
  skip,
}, async (t) => {
  const plane = await withOutbox(t);
  const { admin, context } = plane;
  const { state } = await outbox.create(context, wanted);
  const { rows } = await admin.query<{ name: string }>(
    "SELECT conname AS name FROM pg_constraint WHERE conrelid = 'tenantry.outbox'::regclass AND contype = 'c'",
  );
  for (const { name } of rows) await admin.query(`ALTER TABLE tenantry.outbox DROP CONSTRAINT ${name}`);
  for (const constraint of [
    "aggregate_type_is_part_of_a_topic_name CHECK (aggregate_type ~ '^[a-zA-Z0-9._-]{1,100}$')",
    "payload_at_most_8192_bytes_or_use_a_claim_check CHECK (octet_length(payload::text) <= 8192)",
    "of_their_own CHECK (type <> 'never')",
  ]) {
    await admin.query(`ALTER TABLE tenantry.outbox ADD CONSTRAINT ${constraint}`);
  }
  const poison = `INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
    VALUES (gen_random_uuid(), 'zz.x', repeat('x', 1200000), 'x', '{}')`;
  await admin.query(poison);
  const { aggregates: _, checks: __, ...former } = state;
  const before = (await outbox.read(context, "tenantry.outbox", { ...former } as typeof state)) ?? assert.fail();
  const expected = ["aggregates", "checks"].map((path) => ({ path, how: "update" }));
  assert.deepEqual(outbox.diff({ ...former } as typeof state, wanted), expected);
  assert.deepEqual(outbox.diff(before, wanted), expected);
  const after = await outbox.update(context, "tenantry.outbox", { ...former } as typeof state, wanted);
  assert.deepEqual(outbox.diff(after, wanted), []);
  await assert.rejects(admin.query(poison), /violates check constraint/);
  const kept = await admin.query("SELECT FROM tenantry.outbox WHERE aggregate_type = 'zz.x'");
  assert.equal(kept.rowCount, 1);
  const own = await admin.query(
    "SELECT FROM pg_constraint WHERE conrelid = 'tenantry.outbox'::regclass AND conname = 'of_their_own'",
  );
  assert.equal(own.rowCount, 1);
});

test("applies a changed payload limit to new events only, also in new partitions", { skip }, async (t) => {
  const plane = await withOutbox(t);
  const acme = randomUUID();
  const { admin, context } = plane;
  const { state } = await outbox.create(context, wanted);
  await inTenant(admin, acme, () => emit(admin, acme, "x".repeat(5000)));
  const smaller = { ...wanted, maxPayloadBytes: 4096 };
  assert.deepEqual(outbox.diff(state, smaller), [{ path: "maxPayloadBytes", how: "update" }]);
  const updated = await outbox.update(context, "tenantry.outbox", state, smaller);
  assert.equal(updated.maxPayloadBytes, 4096);
  await assert.rejects(
    inTenant(admin, acme, () => emit(admin, acme, "x".repeat(5000))),
    {
      message: /payload_at_most_4096_bytes_or_use_a_claim_check/,
    },
  );
  await partitionSet.update(context, "tenantry.outbox", { ...days, maintenance: "on" }, { ...days, ahead: 9 });
  await assert.rejects(
    admin.query(
      `INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
       VALUES (gen_random_uuid(), now() + interval '8 days', 'order', '1', 'x', to_jsonb(repeat('x', 5000)))`,
    ),
    { message: /payload_at_most_4096_bytes_or_use_a_claim_check/ },
  );
});

test("deletes the outbox resource", { skip }, async (t) => {
  const there = async ({ admin }: DataPlaneDatabase) =>
    (
      await admin.query(`SELECT to_regclass('tenantry.outbox') IS NOT NULL AS "table",
        EXISTS (SELECT FROM pg_publication WHERE pubname = 'tenantry_outbox') AS publication`)
    ).rows[0];

  await t.test("keeps the table, its rows and its publication", async (t) => {
    const plane = await withOutbox(t);
    const { state } = await outbox.create(plane.context, wanted);
    await outbox.delete(plane.context, "tenantry.outbox", state);
    assert.deepEqual(await there(plane), { table: true, publication: true });
    assert.match(plane.said.join("\n"), /tenantry.outbox stays in the database/);
  });

  await t.test("drops the table and the publication with the opt-in", async (t) => {
    const plane = await withOutbox(t, ["drop tenantry.outbox"]);
    const { state } = await outbox.create(plane.context, wanted);
    await outbox.delete(plane.context, "tenantry.outbox", state);
    assert.deepEqual(await there(plane), { table: false, publication: false });
    assert.equal(await outbox.read(plane.context, "tenantry.outbox", state), undefined);
  });
});

test("rejects an outbox with another tenant column", { skip }, async (t) => {
  const plane = await withOutbox(t);
  await assert.rejects(outbox.create(plane.context, { ...wanted, column: "account_id" }), /by another column/);
  await assert.rejects(outbox.create(plane.context, { ...wanted, type: "text" }), /expected: tenant_id uuid/);
});
