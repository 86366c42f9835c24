import assert from "node:assert/strict";
import test from "node:test";
import { withSession } from "../../local/servers/sql-session";
import { maintenanceOf, setMaintenance } from "../../provider/partitions/partman-worker";
import { partitions } from "../../verify/checks/partitions";
import type { Target } from "../../verify/target";
import { startExtraServer } from "./extra-server";
import { servers, skip } from "./servers";

const written = "SELECT setting FROM pg_file_settings WHERE name = 'pg_partman_bgw.dbname' ORDER BY seqno DESC LIMIT 1";

test("adds a database to the list of pg_partman's worker, and removes it", { skip }, async (t) => {
  const server = await startExtraServer(t, { ...servers().postgres, database: "shop" }, { citus: false });
  await withSession(server, "postgres", async (client) => {
    assert.equal(await maintenanceOf(client, "shop_acme"), "unlisted");
    await setMaintenance(client, "shop_acme", true);
    assert.equal(await maintenanceOf(client, "shop_acme"), "listed");
    assert.deepEqual((await client.query(written)).rows, [{ setting: "shop,shop_acme" }]);
    await setMaintenance(client, "shop_acme", false);
    assert.equal(await maintenanceOf(client, "shop_acme"), "unlisted");
  });
});

test("uses the list of the server's command line, even after ALTER SYSTEM", { skip }, async (t) => {
  const settings = { "pg_partman_bgw.dbname": "shop,shop_globex" };
  const server = await startExtraServer(t, { ...servers().postgres, database: "shop" }, { citus: false, settings });
  await withSession(server, "postgres", async (client) => {
    await setMaintenance(client, "shop_acme", true);
    assert.deepEqual((await client.query(written)).rows, [{ setting: "shop" }], "nothing was written in vain");
    assert.equal(await maintenanceOf(client, "shop_globex"), "listed");
    await client.query("ALTER SYSTEM SET pg_partman_bgw.dbname = 'shop,shop_acme'");
    await client.query("SELECT pg_reload_conf()");
    assert.equal(await maintenanceOf(client, "shop_acme"), "elsewhere");

    const set = { schema: "shop", table: "orders", every: "1 month", ahead: 1 };
    const declarations = [{ noun: "PartitionSet", name: "orders", inputs: set }];
    const findings = await partitions.run({ admin: client, declarations } as unknown as Target);
    const found = findings.find(({ subject }) => subject === "maintenance");
    assert.equal(found?.outcome, "fail");
    assert.match(found.seen, /dbname lacks postgres; the server's command line sets it, before ALTER SYSTEM$/);
  });
});
