import assert from "node:assert/strict";
import test from "node:test";
import { withSession } from "../../local/servers/sql-session";
import type { Owner } from "../../provider/postgres/owner";
import { parseConfiguration } from "../../provider/protocol/configuration";
import { startProviderConnections } from "../../provider/protocol/provider-connections";
import { freshDatabase, skip } from "./servers";

const silent = { info: () => {}, warn: () => {} };
const urn = "urn:pulumi:prod::tenantry::tenantry:index:Migration::one";
const ours: Owner = { application: "shop", project: "tenantry", stack: "prod" };
const theirs: Owner = { ...ours, stack: "staging" };

async function fixture(t: test.TestContext) {
  const fresh = await freshDatabase("shop");
  t.after(() => fresh.drop());
  const connections = (owner: Owner, ...allow: string[]) => {
    const configuration = parseConfiguration({
      endpoints: JSON.stringify(fresh.endpoints),
      citus: "auto",
      allow: JSON.stringify(allow),
      owner: JSON.stringify(owner),
    });
    const started = startProviderConnections(configuration, silent);
    t.after(async () => (await started.context(urn).catch(() => undefined))?.database.close());
    return started;
  };
  const run = (sql: string) => withSession(fresh, fresh.database, (client) => client.query(sql));
  return { connections, run, database: fresh.database };
}

test("records the first stack of a database, and rejects every other one before anything runs", {
  skip,
}, async (t) => {
  const { connections, run, database } = await fixture(t);
  const first = connections(ours);
  await first.contextForChange(urn);
  assert.deepEqual((await run("SELECT application, project, stack FROM tenantry.owner")).rows, [ours]);
  await connections(ours).contextForChange(urn);

  const other = connections(theirs);
  const message = new RegExp(
    `The database ${database} belongs to another stack: nothing of it was changed\n +got: +application shop, stack prod of project tenantry\n +expected: +application shop, stack staging`,
  );
  await assert.rejects(
    other.tryQuery(async () => "seen"),
    message,
  );
  await assert.rejects(other.context(urn), message);
  await assert.rejects(connections(theirs).contextForChange(urn), message);
  await assert.rejects(
    connections({ ...ours, application: "other" }).contextForChange(urn),
    /belongs to another stack/,
  );

  await connections(theirs, `adopt ${database}`).contextForChange(urn);
  assert.deepEqual((await run("SELECT stack FROM tenantry.owner")).rows, [{ stack: "staging" }]);
  await assert.rejects(connections(ours).contextForChange(urn), /belongs to another stack/);
});

test("gives a database of an older tenantry only to a stack of the same application", {
  skip,
}, async (t) => {
  const { connections, run } = await fixture(t);
  await run(
    "CREATE SCHEMA tenantry; CREATE TABLE tenantry.migrations (path text); INSERT INTO tenantry.migrations VALUES ('sql/base/010_schema.sql'), ('sql/shop/010_tables.sql')",
  );
  await assert.rejects(
    connections({ ...ours, application: "crm" }).contextForChange(urn),
    /got: +files of the application shop/,
  );
  await connections(ours).contextForChange(urn);
  assert.deepEqual((await run("SELECT application FROM tenantry.owner")).rows, [{ application: "shop" }]);
});
