import assert from "node:assert/strict";
import test from "node:test";
import { quoteIdentifier } from "../../common/identifier";
import { dropDatabase } from "../../local/servers/database-removal";
import { finds, withSession } from "../../local/servers/sql-session";
import { setMaintenance } from "../../provider/partitions/partman-worker";
import { tenantDatabase } from "../../provider/resources/tenant-database";
import { startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

/** Rejects only CREATE SCHEMA partman. The schema exists, so CREATE EXTENSION would succeed after this failure. */
const refuseSchema = `
  CREATE SCHEMA partman;
  CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_query() LIKE '%IF NOT EXISTS partman%' THEN RAISE EXCEPTION 'no schema today'; END IF;
  END $$;
  CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION public.refuse()`;

test("stops creating a silo's database after a failed statement, and completes it in the next run", {
  skip,
}, async (t) => {
  const fixture = await startDatabaseFixture(t);
  const database = `${fixture.endpoint.database}_acme`;
  const inside = <T>(work: Parameters<typeof withSession<T>>[2]) => withSession(fixture.endpoint, database, work);
  t.after(async () => {
    await withSession(fixture.endpoint, "postgres", (client) => setMaintenance(client, database, false));
    await dropDatabase(fixture.endpoint, [], database);
  });
  await fixture.run(`CREATE DATABASE ${quoteIdentifier(database)} TEMPLATE template0`);
  await inside((client) => client.query(refuseSchema));
  const hasPartman = () =>
    inside((client) => finds(client, "SELECT FROM pg_extension WHERE extname = $1", ["pg_partman"]));
  const inputs = { database, tenant: "acme", nodes: [] };

  await assert.rejects(tenantDatabase.create(fixture, inputs), /no schema today/);
  assert.equal(await hasPartman(), false);

  await inside((client) => client.query("DROP EVENT TRIGGER refuse"));
  const { state } = await tenantDatabase.create(fixture, inputs);
  assert.deepEqual([state.missing, await hasPartman()], [[], true]);
});
