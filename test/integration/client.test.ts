import assert from "node:assert/strict";
import test from "node:test";
import { emit, RolledBackError, TenantContextError, withTenant } from "../../client";
import { clientTenants, note, notes, placed } from "./client-tenants";
import { skip } from "./servers";

test("withTenant on a real server", { skip }, async (t) => {
  const { database, acme, globex, pool, two, asAcme } = await clientTenants(t);
  const isOnCitus = (await database.admin.query("SELECT 1 FROM pg_extension WHERE extname = 'citus'")).rows.length > 0;

  await t.test("shows a tenant its own rows, and another tenant none of them", async () => {
    await asAcme((client) => note(client, "first"));
    assert.deepEqual(await asAcme(notes), ["first"]);
    assert.deepEqual(await withTenant(pool, globex, notes), []);
  });

  await t.test("returns the value of `work`", async () => {
    assert.equal(await asAcme(async (client) => client.tenant), acme);
  });

  await t.test("returns the pool's connection without a tenant, after a commit and after a rollback", async () => {
    await asAcme(notes);
    assert.deepEqual(await notes(pool), []);
    await assert.rejects(
      asAcme(async () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
    assert.deepEqual(await notes(pool), []);
  });

  await t.test("resets a tenant that `work` set for the whole session", async () => {
    await asAcme((client) => client.query(`SET app.tenant_id = '${acme}'`));
    assert.deepEqual(await notes(pool), []);
    const failing = asAcme(async (client) => {
      await client.query("SELECT set_config('app.tenant_id', $1, false)", [acme]);
      throw new Error("no");
    });
    await assert.rejects(failing, /^Error: no$/);
    assert.deepEqual(await notes(pool), []);
  });

  await t.test("rolls back work that throws, and passes its error unchanged", async () => {
    const error = new Error("changed my mind");
    const failing = asAcme(async (client) => {
      await note(client, "never");
      await emit(client, { ...placed, payload: {} });
      throw error;
    });
    await assert.rejects(failing, (thrown) => thrown === error);
    assert.deepEqual(await asAcme(notes), ["first"]);
    assert.deepEqual(await database.events(acme), []);
  });

  await t.test("rejects a row of another tenant", async () => {
    const forged = asAcme((client) => client.query("INSERT INTO shop.notes VALUES ($1, 'forged')", [globex]));
    await assert.rejects(forged, /row-level security/);
  });

  await t.test("rejects a missing tenant before the database does, and an invalid one by the database", async () => {
    await assert.rejects(withTenant(pool, "", notes), TenantContextError);
    await assert.rejects(withTenant(pool, "a\0b", notes), TenantContextError);
    await assert.rejects(withTenant(pool, "'; DROP TABLE shop.notes; --", notes), /uuid/);
    assert.deepEqual(await asAcme(notes), ["first"]);
  });

  await t.test("rejects nested use of one pool, even for the same tenant", async () => {
    await assert.rejects(
      asAcme(async () => asAcme(notes)),
      /TenantContextError: withTenant inside withTenant/,
    );
    assert.deepEqual(await asAcme(notes), ["first"]);
  });

  await t.test("accepts transactions one after another and several at the same time", async () => {
    assert.deepEqual(await Promise.all([asAcme(notes), asAcme(notes)]), [["first"], ["first"]]);
    const inOther = asAcme(async () => withTenant(two, acme, notes));
    assert.deepEqual(await inOther, ["first"]);
  });

  await t.test("lets work that is not awaited open a transaction after the end", async () => {
    let later: Promise<string[]> = Promise.resolve([]);
    await asAcme(async () => {
      later = new Promise((resolve, reject) => setTimeout(() => asAcme(notes).then(resolve, reject), 100));
    });
    assert.deepEqual(await later, ["first"]);
  });

  await t.test("rejects a client used after its transaction, because it may serve another tenant", async () => {
    const kept = await asAcme(async (client) => client);
    assert.throws(() => kept.query("SELECT 1"), TenantContextError);
    await assert.rejects(emit(kept, { ...placed, payload: {} }), TenantContextError);
  });

  await t.test("rejects transaction control inside `work`, but not savepoints", async () => {
    for (const sql of ["BEGIN", " commit;", "rollback", "START  TRANSACTION", "end", "abort"]) {
      await assert.rejects(
        asAcme(async (client) => client.query(sql)),
        TenantContextError,
        sql,
      );
      await assert.rejects(
        asAcme(async (client) => client.query({ text: sql })),
        TenantContextError,
        sql,
      );
    }
    const left = await asAcme(async (client) => {
      await client.query("SAVEPOINT attempt");
      await note(client, "undone");
      await client.query("ROLLBACK TO attempt");
      return notes(client);
    });
    assert.deepEqual(left, ["first"]);
  });

  await t.test("reports a failed statement whose error was caught, instead of a false commit", async () => {
    const swallowing = asAcme(async (client) => {
      await note(client, "lost");
      await client.query("SELECT 1 / 0").catch(() => {});
    });
    await assert.rejects(swallowing, RolledBackError);
    assert.deepEqual(await asAcme(notes), ["first"]);
  });

  await t.test("rejects if a constraint fails at COMMIT, and keeps the connection usable", async () => {
    const late = asAcme(async (client) => {
      await client.query("SET CONSTRAINTS ALL DEFERRED");
      await client.query("INSERT INTO shop.remarks VALUES ($1, 'of no note')", [acme]);
    });
    await assert.rejects(late, { code: "23503" });
    assert.deepEqual(await asAcme(notes), ["first"]);
  });

  await t.test("does not reuse a connection that the server has closed", async () => {
    const failing = asAcme((client) => client.query("SELECT pg_terminate_backend(pg_backend_pid())"));
    await assert.rejects(failing);
    assert.deepEqual(await asAcme(notes), ["first"]);
  });

  await t.test("fails the next query, not the process, if a connection breaks between two queries", async () => {
    const failing = asAcme(async (client) => {
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await database.admin.query("SELECT pg_terminate_backend($1::int)", [rows[0]?.pid]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return notes(client);
    });
    await assert.rejects(failing);
    assert.deepEqual(await asAcme(notes), ["first"]);
  });

  await t.test(
    "reports a serialization failure by default, and runs the whole work again if retries are set",
    { skip: isOnCitus && "Citus runs what it sends to its workers as read committed" },
    async () => {
      const contend = (retries: number) => {
        let runs = 0;
        let reads = 0;
        let bothHaveRead = () => {};
        const bothRead = new Promise<void>((resolve) => {
          bothHaveRead = resolve;
        });
        const add = () =>
          withTenant(
            two,
            acme,
            async (client) => {
              runs += 1;
              const { rows } = await client.query<{ n: number }>("SELECT n FROM shop.counters");
              reads += 1;
              if (reads === 2) bothHaveRead();
              await bothRead;
              await client.query("UPDATE shop.counters SET n = $1", [(rows[0]?.n ?? 0) + 1]);
            },
            { isolation: "repeatable read", retries },
          );
        return Promise.allSettled([add(), add()]).then((all) => ({
          runs,
          states: all.map((one) => one.status).sort(),
        }));
      };
      await asAcme((client) => client.query("INSERT INTO shop.counters VALUES ($1, 0)", [acme]));
      assert.deepEqual(await contend(0), { runs: 2, states: ["fulfilled", "rejected"] });
      assert.deepEqual(await contend(3), { runs: 3, states: ["fulfilled", "fulfilled"] });
      const { rows } = await asAcme((client) => client.query("SELECT n FROM shop.counters"));
      assert.deepEqual(rows, [{ n: 3 }]);
    },
  );

  await t.test("does not retry other errors", async () => {
    let runs = 0;
    const failing = withTenant(
      pool,
      acme,
      async (client) => {
        runs += 1;
        await client.query("SELECT 1 / 0");
      },
      { retries: 5 },
    );
    await assert.rejects(failing, { code: "22012" });
    assert.equal(runs, 1);
  });
});
