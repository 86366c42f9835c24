import assert from "node:assert/strict";
import test from "node:test";
import type { Declaration, RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import { readBoundary } from "../../provider/boundary/role-boundary";
import { openDatabase } from "../../provider/postgres/postgres";
import { readerOf } from "../../provider/postgres/sql-statements";
import { roleBoundary } from "../../provider/resources/role-boundary";
import { boundary } from "../../verify/checks/boundary";
import { withLogin } from "../../verify/login";
import { crossings } from "./boundary-crossings";
import { skip } from "./servers";
import { amiss, type VerifiedShop, verifiedShop } from "./verified-shop";

test("tenantry verify and a refresh check the privileges of roles beyond their tables", { skip }, async (t) => {
  const shop = await verifiedShop(t);
  const database = shop.database.database;
  const run = (sql: string | readonly string[]) =>
    shop.run([sql].flat().map((each) => each.replaceAll(/\bDB\b/g, database)));
  assert.deepEqual(amiss(await shop.look([boundary])), []);
  await t.test("denies a reading role the WAL, other sessions and large objects on every node", async () => {
    for (const node of shop.database.nodes) {
      const refused = async (role: string, sql: string) => {
        const login = shop.database.roles[role];
        assert.ok(login);
        const run = withLogin({ ...shop.database, ...node }, login, (client) => client.query(sql));
        await assert.rejects(run, /permission denied for function/, `${role} on ${node.name}: ${sql}`);
      };
      await refused("agent", "SELECT pg_logical_emit_message(true, repeat('x', 2000000), 'a')");
      await refused("agent", "SELECT pg_logical_emit_message(false, 'x', '\\x00'::bytea)");
      await refused("app", "SELECT pg_logical_emit_message(true, 'x', 'a')");
      await refused("agent", "SELECT * FROM pg_stat_activity");
      await refused("app", "SELECT * FROM pg_locks");
      await refused("agent", "SELECT pg_terminate_backend(1)");
      await refused("agent", "SELECT pg_advisory_lock(1)");
      await refused("agent", "SELECT lo_from_bytea(0, 'x')");
      await refused("agent", "SELECT pg_export_snapshot()");
      await refused("cdc", "SELECT pg_drop_replication_slot('x')");
      if (shop.isCitus) await refused("agent", "SELECT * FROM run_command_on_workers('SELECT 1')");
      const cdc = shop.database.roles.cdc;
      assert.ok(cdc);
      await withLogin({ ...shop.database, ...node }, cdc, async (client) => {
        await client.query("SELECT pg_logical_emit_message(true, 'outbox-heartbeat', now()::text)");
        await client.query("SELECT * FROM pg_replication_slots");
      });
    }
  });
  await t.test("warns once if the administrator may not revoke on pg_catalog, without failing", async () => {
    const bounds = shop.declarations.find(({ noun }) => noun === "RoleBoundary")?.inputs as RoleBoundaryInputs;
    await run([
      "CREATE ROLE verify_managed",
      "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), lo_creat(integer) TO PUBLIC",
    ]);
    try {
      await run("SET ROLE verify_managed");
      const gaps = await readBoundary(readerOf(shop.admin), bounds, true);
      await run("RESET ROLE");
      const [gap, ...others] = gaps.filter(({ subject }) => subject === "PUBLIC");
      assert.deepEqual(others, []);
      assert.match(gap?.seen ?? "", /only their owner can revoke that: pg_advisory_lock, lo_creat/);
      assert.deepEqual(gap?.mend, []);
    } finally {
      await run([
        "RESET ROLE",
        "DROP ROLE verify_managed",
        "REVOKE EXECUTE ON FUNCTION pg_advisory_lock(bigint), lo_creat(integer) FROM PUBLIC",
      ]);
    }
  });
  for (const { what, sql, subject, seen, cleanUp } of crossings) {
    await t.test(`reports and corrects ${what}`, async () => {
      await run(sql);
      try {
        const named = amiss(await shop.look([boundary])).find((finding) => finding.subject === subject);
        assert.equal(named?.outcome, "fail", `nothing said of ${subject}`);
        assert.match(named?.seen ?? "", seen);
        await setRight(shop, subject);
        assert.deepEqual(amiss(await shop.look([boundary])), []);
      } finally {
        if (cleanUp !== undefined) await run(cleanUp);
      }
    });
  }
});

/** Refreshes and updates as `up --refresh` does. */
async function setRight({ declarations, database: endpoint }: VerifiedShop, subject: string): Promise<void> {
  const declared = declarations.find(
    (each): each is Declaration & { noun: "RoleBoundary" } => each.noun === "RoleBoundary",
  );
  assert.ok(declared);
  const database = openDatabase(endpoint, { citus: "auto" });
  try {
    const context = { database, allow: new Set<string>(), log() {}, warn() {}, signal: new AbortController().signal };
    const withoutConnect = { ...context, connect: {} as never };
    const state = { ...declared.inputs, gaps: {}, beyond: {} };
    const drifted = await roleBoundary.read(withoutConnect, declared.name, state);
    assert.ok(drifted);
    const paths = roleBoundary.diff(drifted, declared.inputs).map(({ path }) => path);
    assert.ok(paths.includes(`gaps["${subject}"]`), paths.join());
    const repaired = await roleBoundary.update(withoutConnect, declared.name, drifted, declared.inputs);
    assert.deepEqual(roleBoundary.diff(repaired, declared.inputs), []);
  } finally {
    await database.close();
  }
}
