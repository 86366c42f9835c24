import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import type { Client } from "pg";
import { publishedColumns } from "../../architecture/data-plane/outbox-table";
import { outbox } from "../../provider/resources/outbox";
import type { DataPlaneDatabase } from "./data-plane-database";
import { emit, inTenant, wanted, withOutbox } from "./outbox-database";
import { skip } from "./servers";

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
