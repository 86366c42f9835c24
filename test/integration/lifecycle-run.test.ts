import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { LifecycleBusy, withLifecycleLock } from "../../lifecycle/lifecycle-lock";
import { type AgingDatabase, agingDatabase, withoutFailures } from "./aging";
import { skip } from "./servers";

const tenants = [randomUUID(), randomUUID()];

/** A table `notes` with three old months and 10 rows of each of two tenants a month. */
async function withNotes(t: TestContext): Promise<AgingDatabase> {
  const aging = await agingDatabase(t);
  await aging.addTable("notes", "note text");
  await fill(aging, "notes");
  return aging;
}

async function fill({ admin }: AgingDatabase, name: string): Promise<void> {
  for (const [i, tenant] of tenants.entries()) {
    await admin.query(
      `INSERT INTO ecommerce.${name} (tenant_id, at, id, note)
       SELECT $1, '2023-01-15'::timestamptz + month * interval '1 month', $2 + n, 'n' || n FROM generate_series(0, 2) month, generate_series(1, 10) n`,
      [tenant, i * 100],
    );
  }
}

async function catalog({ admin }: AgingDatabase): Promise<string[]> {
  const { rows } = await admin.query<{ line: string }>(
    "SELECT concat_ws(' ', table_name, to_char(starts_at, 'YYYY-MM'), step, rows) AS line FROM tenantry.aged_partition ORDER BY table_name, starts_at",
  );
  return rows.map(({ line }) => line);
}

async function liveRows({ admin }: AgingDatabase, name = "notes"): Promise<number> {
  return (await admin.query(`SELECT 1 FROM ecommerce.${name}`)).rows.length;
}

async function filesOf({ folder }: AgingDatabase): Promise<string[]> {
  const all = await readdir(join(folder, "cold"), { recursive: true }).catch(() => []);
  return all.filter((name) => name.endsWith(".parquet")).sort();
}

const may = new Date("2024-02-15T00:00:00Z");
const moved = (...months: string[]) => months.map((month) => `notes ${month} dropped 20`);

test("a lifecycle run", { skip }, async (t) => {
  await t.test("moves the partitions past their age, and leaves the others as they are", async (t) => {
    const aging = await withNotes(t);
    withoutFailures(await aging.run({ now: may }));
    assert.deepEqual(await catalog(aging), moved("2023-01"));
    assert.equal(await liveRows(aging), 40);
    assert.deepEqual((await aging.run({ now: may })).done, []);
    const { rows } = await aging.admin.query(
      "SELECT count(*)::int AS files, sum(rows)::int AS rows, count(DISTINCT tenant)::int AS tenants FROM tenantry.cold_file",
    );
    assert.deepEqual(rows, [{ files: 2, rows: 20, tenants: 2 }]);
  });

  await t.test("goes on where it was stopped, before each step", async (t) => {
    for (const stop of ["closed", "exported", "verified", "detached", "dropped"]) {
      const aging = await withNotes(t);
      const stopped = await aging.run({
        now: may,
        beforeStep: async (step) => {
          if (step === stop) throw new Error(`stopped before ${stop}`);
        },
      });
      assert.match(String(stopped.failures[0]?.error), /stopped before/, stop);
      withoutFailures(await aging.run({ now: may }));
      assert.deepEqual(await catalog(aging), moved("2023-01"), stop);
      assert.equal(await liveRows(aging), 40, stop);
      assert.equal((await filesOf(aging)).length, 2, stop);
    }
  });

  await t.test("excludes a second run", async (t) => {
    const aging = await withNotes(t);
    await withLifecycleLock(aging.endpoint, async () => {
      await assert.rejects(
        aging.run(),
        (error) => error instanceof LifecycleBusy && /Another run or erasure works/.test(error.message),
      );
    });
    assert.deepEqual(await catalog(aging), []);
  });

  await t.test("takes rows out of the files that were deleted after their export", async (t) => {
    const aging = await withNotes(t);
    for (const [step, tenant] of [
      ["verified", tenants[0]],
      ["dropped", tenants[1]],
    ] as const) {
      await aging.run({
        now: may,
        beforeStep: async (each) => {
          if (each === step) {
            const { rows } = await aging.admin.query(
              "SELECT partition_name FROM tenantry.aged_partition WHERE step <> 'dropped'",
            );
            await aging.admin.query(`DELETE FROM ecommerce.${rows[0].partition_name} WHERE tenant_id = $1`, [tenant]);
          }
          if (each === "detached" && step === "verified") throw new Error("enough");
        },
      });
    }
    withoutFailures(await aging.run({ now: may }));
    assert.deepEqual(await catalog(aging), ["notes 2023-01 dropped 0"]);
    assert.deepEqual(await filesOf(aging), []);
  });

  await t.test(
    "refuses late rows while a partition moves, and moves those of a partition that is made again",
    async (t) => {
      const aging = await withNotes(t);
      const late = () =>
        aging.admin.query("INSERT INTO ecommerce.notes VALUES ($1, '2023-01-02', 999, 'late')", [tenants[0]]);
      await aging.run({
        now: may,
        beforeStep: async (step) => {
          if (step !== "exported") return;
          await assert.rejects(late(), /partition_is_closed/);
        },
      });
      await assert.rejects(late(), /no partition/);
      await aging.admin.query(
        "CREATE TABLE ecommerce.notes_again PARTITION OF ecommerce.notes FOR VALUES FROM ('2023-01-01') TO ('2023-02-01')",
      );
      await late();
      withoutFailures(await aging.run({ now: may }));
      assert.deepEqual(await catalog(aging), ["notes 2023-01 dropped 21"]);
      assert.equal((await filesOf(aging)).length, 3);
    },
  );

  await t.test("opens a partition again whose tier was lengthened before it left", async (t) => {
    const aging = await withNotes(t);
    await aging.run({
      now: may,
      beforeStep: async (step) => {
        if (step === "detached") throw new Error("stop");
      },
    });
    await aging.admin.query("UPDATE tenantry.exported_partition_set SET export_after = '3 years'");
    withoutFailures(await aging.run({ now: may }));
    assert.deepEqual(await catalog(aging), []);
    assert.deepEqual(await filesOf(aging), []);
    await aging.admin.query("INSERT INTO ecommerce.notes VALUES ($1, '2023-01-02', 999, 'late')", [tenants[0]]);
    assert.equal(await liveRows(aging), 61);
  });

  await t.test("keeps each partition isolated, and its roles without rights on it, on the whole way", async (t) => {
    const aging = await withNotes(t);
    const app = await aging.asRole("app");
    let looked = 0;
    await aging.run({
      now: may,
      beforeStep: async () => {
        looked++;
        const { rows } = await aging.admin.query<{ relname: string; secure: boolean; granted: boolean; owner: string }>(
          `SELECT relname, relrowsecurity AND relforcerowsecurity AS secure, pg_get_userbyid(relowner) AS owner,
             has_table_privilege('ecommerce_app', oid, 'SELECT, INSERT, UPDATE, DELETE') AS granted
           FROM pg_class WHERE relname LIKE 'notes_p%' AND relkind = 'r'`,
        );
        for (const { relname, secure, granted, owner } of rows) {
          assert.deepEqual(
            { relname, secure, granted, owner },
            { relname, secure: true, granted: false, owner: aging.endpoint.user },
          );
        }
        await app.query("BEGIN");
        await app.query(`SET LOCAL app.tenant_id = '${tenants[0]}'`);
        const seen = await app.query("SELECT DISTINCT tenant_id FROM ecommerce.notes");
        await app.query("COMMIT");
        assert.deepEqual(seen.rows, [{ tenant_id: tenants[0] }]);
      },
    });
    assert.equal(looked, 5);
  });

  await t.test(
    "keeps the tables that refer to each other together: none leaves before all are in the store",
    async (t) => {
      const aging = await withNotes(t);
      const notes = { schema: "ecommerce", table: "notes", columns: ["tenant_id", "at", "id"] };
      const key = {
        name: "replies_note_fkey",
        columns: ["tenant_id", "at", "note_id"],
        references: notes,
        actions: "",
      };
      await aging.addTable("replies", "note_id int NOT NULL, note text", { foreignKeys: [key] });
      await aging.admin.query("INSERT INTO ecommerce.replies SELECT tenant_id, at, id, id, note FROM ecommerce.notes");
      const stopped = await aging.run({
        now: may,
        beforeStep: async (step, period) => {
          if (period.includes("notes") && step === "verified") throw new Error("stopped");
        },
      });
      assert.equal(stopped.failures.length, 1);
      assert.deepEqual(await catalog(aging), ["notes 2023-01 exported 20", "replies 2023-01 verified 20"]);
      assert.equal(await liveRows(aging, "replies"), 60);
      withoutFailures(await aging.run({ now: may }));
      assert.deepEqual(await catalog(aging), ["notes 2023-01 dropped 20", "replies 2023-01 dropped 20"]);
      withoutFailures(await aging.run());
      assert.equal(await liveRows(aging), 0);
    },
  );

  await t.test("deletes files past their retention, except those under legal hold", async (t) => {
    const aging = await withNotes(t);
    withoutFailures(await aging.run({ now: may }));
    await aging.admin.query("UPDATE tenantry.exported_partition_set SET retention = '13 months'");
    await aging.admin.query("INSERT INTO tenantry.legal_hold (tenant, reason, held_by) VALUES ($1, 'case 7', 'test')", [
      tenants[0],
    ]);
    const april = new Date("2024-03-01T00:00:00Z");
    withoutFailures(await aging.run({ now: april }));
    assert.deepEqual((await catalog(aging))[0], "notes 2023-01 dropped 10");
    assert.equal((await filesOf(aging)).filter((name) => name.includes("2023-01")).length, 1);
    await aging.admin.query("DELETE FROM tenantry.legal_hold");
    withoutFailures(await aging.run({ now: april }));
    assert.deepEqual((await catalog(aging))[0], "notes 2023-01 deleted 0");
    const left = await readdir(join(aging.folder, "cold/ecommerce.notes"), { recursive: true });
    assert.deepEqual(
      left.filter((name) => name.includes("2023-01") && /\.(parquet|json)$/.test(name)),
      [],
    );
  });

  await t.test("cuts a tenant's rows into files of a size", async (t) => {
    const aging = await withNotes(t);
    withoutFailures(await aging.run({ now: may, fileBytes: 600 }));
    const { rows } = await aging.admin.query(
      "SELECT count(*) > 2 AS several, sum(rows)::int AS rows FROM tenantry.cold_file",
    );
    assert.deepEqual(rows, [{ several: true, rows: 20 }]);
    assert.deepEqual(await catalog(aging), moved("2023-01"));
  });
});

test("a fault of the store or of the database", { skip }, async (t) => {
  /** A run in which `harm` acts before a step: it fails, drops nothing, and the next run finishes. */
  async function faulty(
    t: TestContext,
    before: string,
    harm: (aging: AgingDatabase, path: (part: RegExp) => Promise<string>) => Promise<void>,
    expected: RegExp,
    mend: (aging: AgingDatabase) => Promise<void> = async () => {},
  ): Promise<void> {
    const aging = await withNotes(t);
    const path = async (part: RegExp) => {
      const all = await readdir(join(aging.folder, "cold"), { recursive: true });
      return join(aging.folder, "cold", all.find((name) => part.test(name)) ?? "");
    };
    const { failures } = await aging.run({
      now: may,
      beforeStep: async (step) => {
        if (step === before) await harm(aging, path);
      },
    });
    assert.equal(failures.length, 1);
    assert.match(failures[0]?.error instanceof Error ? failures[0].error.message : "", expected);
    assert.equal(await liveRows(aging), 60);
    const { rows } = await aging.admin.query<{ error: string }>("SELECT error FROM tenantry.aged_partition");
    assert.match(rows[0]?.error ?? "", expected);
    await mend(aging);
    // A run that finds a wrong file goes back, and the next one exports the rows again.
    await aging.run({ now: may });
    withoutFailures(await aging.run({ now: may }));
    assert.deepEqual(await catalog(aging), moved("2023-01"));
    assert.equal(await liveRows(aging), 40);
  }

  await t.test("reports a manifest that was tampered with", (t) =>
    faulty(
      t,
      "verified",
      async (_, path) => {
        const manifest = await path(/manifest\.json$/);
        await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"rows": 20', '"rows": 21'));
      },
      /The manifest in the store is not the one that was written[\s\S]*Nothing was dropped/,
    ),
  );

  await t.test("reports a file that was truncated", (t) =>
    faulty(
      t,
      "verified",
      async (_, path) => truncate(await path(/\.parquet$/), 100),
      /A file in the store is not the one that was written[\s\S]*tenant_id=/,
    ),
  );

  await t.test("reports a file that is gone", (t) =>
    faulty(
      t,
      "verified",
      async (aging, path) => {
        const gone = (await path(/\.parquet$/)).slice(aging.folder.length + 1);
        await aging.store.delete([gone]);
      },
      /The store has no such object/,
    ),
  );

  await t.test("reports a value that differs, and its column", (t) =>
    faulty(
      t,
      "verified",
      async ({ admin }) => {
        await admin.query("ALTER TABLE ecommerce.notes_p20230101 DROP CONSTRAINT partition_is_closed");
        await admin.query("UPDATE ecommerce.notes_p20230101 SET note = 'other' WHERE id = 1");
        await admin.query("UPDATE tenantry.cold_file SET row_checksum = row_checksum + 1 WHERE tenant = $1", [
          tenants[0],
        ]);
      },
      /A file does not hold the values of the database[\s\S]*`note`/,
    ),
  );

  await t.test("reports a table whose columns changed while it moved, only if rows would be lost", async (t) => {
    const aging = await withNotes(t);
    await aging.run({
      now: may,
      beforeStep: async (step) => {
        if (step === "verified") await aging.admin.query("ALTER TABLE ecommerce.notes ADD COLUMN added int DEFAULT 7");
      },
    });
    withoutFailures(await aging.run({ now: may }));
    const { rows } = await aging.admin.query(
      "SELECT DISTINCT jsonb_path_query_array(columns, '$[*].name') AS names FROM tenantry.cold_file",
    );
    assert.deepEqual(rows, [{ names: ["tenant_id", "at", "id", "note", "added"] }]);
  });

  await t.test("stops no other table", async (t) => {
    const aging = await withNotes(t);
    await aging.addTable("memos", "note text");
    await fill(aging, "memos");
    const { failures } = await aging.run({
      now: may,
      beforeStep: async (_, period) => {
        if (period.includes("memos")) throw new Error("no");
      },
    });
    assert.deepEqual(
      failures.map(({ what }) => what),
      ["ecommerce.memos 2023-01-01"],
    );
    assert.deepEqual(
      (await catalog(aging)).filter((line) => line.startsWith("notes")),
      moved("2023-01"),
    );
  });
});
