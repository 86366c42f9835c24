import assert from "node:assert/strict";
import test from "node:test";
import { parse, stringify } from "yaml";
import { openDatabase } from "../../provider/postgres/postgres";
import type { Context } from "../../provider/protocol/resource-context";
import { tenantDatabase } from "../../provider/resources/tenant-database";
import { skip } from "./servers";
import { acme, asLogin, globex, succeeded, tenantedProject, up } from "./tenanted-stack";

const settings = { "tenantry:tenancy": "silo", "tenantry:tenants": [acme] };

test("two silo stacks that share one file of endpoints", { skip }, async (t) => {
  const project = await tenantedProject(t, "silo", [acme, globex], settings);
  const { application, endpoints } = project;
  const database = `${endpoints.postgres.database}_acme`;
  const configureOther = (changes: Readonly<Record<string, unknown>>) => {
    const file = parse(project.read("stacks/Pulumi.it.yaml")) as { config: Record<string, unknown> };
    project.write("stacks/Pulumi.other.yaml", stringify({ ...file, config: { ...file.config, ...changes } }));
  };
  const other = (...args: string[]) => project.tenantry(...args, "-s", "other");
  const belongsTo = (stack: string, asks: string) =>
    new RegExp(
      `The database ${database} belongs to another stack: nothing of it was changed\\n +got: +application ${application}, stack ${stack} of project tenantry\\n +expected: +application ${application}, stack ${asks}[^]*adopt ${database}`,
    );
  const ownerOf = async () =>
    asLogin(
      project,
      endpoints.postgres,
      async (client) => (await client.query("SELECT stack FROM tenantry.owner")).rows,
      database,
    );
  /** Everything that a second stack could have changed. */
  const look = () =>
    asLogin(
      project,
      endpoints.postgres,
      async (client) => {
        const { rows } = await client.query(
          // Partitions are left out, because maintenance adds and drops them.
          `SELECT (SELECT json_agg(m ORDER BY path) FROM tenantry.migrations m) AS files,
             (SELECT json_agg(slot_name) FROM pg_replication_slots WHERE database = current_database()) AS slots,
             (SELECT json_object_agg(relname, relacl::text ORDER BY relname) FROM pg_class
              WHERE relnamespace IN ('${application}'::regnamespace, 'tenantry'::regnamespace) AND NOT relispartition) AS relations`,
        );
        return rows;
      },
      database,
    );
  await up(project);
  assert.deepEqual(await ownerOf(), [{ stack: "it" }]);
  const before = await look();
  configureOther({});

  await t.test(
    "reject the second stack in the first one's silo, in preview and up, without changes there",
    async () => {
      for (const command of [["preview"], ["up", "--yes"], ["up", "--yes", "--skip-preview"]]) {
        const { code, text } = await other(...command);
        assert.notEqual(code, 0, text);
        assert.match(text, belongsTo("it", "other"), command.join(" "));
      }
      assert.deepEqual(await look(), before);
      assert.deepEqual(await ownerOf(), [{ stack: "it" }]);
    },
  );

  await t.test("don't let the second stack drop the first one's silo, even with the opt-in", async () => {
    const servers = openDatabase(endpoints.postgres);
    const allow = new Set([`drop ${database}`]);
    const owner = { application, project: "tenantry", stack: "other" };
    const context = { database: servers, allow, owner, log() {}, warn() {} } as unknown as Context;
    const inputs = { database, tenant: "acme", nodes: endpoints.postgres.nodes };
    await assert
      .rejects(tenantDatabase.delete(context, database, { ...inputs, missing: [] }), belongsTo("it", "other"))
      .finally(() => servers.close());
    assert.deepEqual(await look(), before);
  });

  await t.test("let the second stack create its own tenant beside the first one's", async () => {
    configureOther({ "tenantry:tenants": [globex] });
    succeeded(await other("up", "--yes", "--skip-preview"));
    assert.deepEqual(await ownerOf(), [{ stack: "it" }]);
    assert.deepEqual(await look(), before);
  });

  await t.test("let the second stack adopt the silo with its content, and then reject the first stack", async () => {
    configureOther({ "tenantry:tenants": [acme, globex], "tenantry:allow": [`adopt ${database}`] });
    succeeded(await other("up", "--yes"));
    assert.deepEqual(await ownerOf(), [{ stack: "other" }]);
    assert.deepEqual(await look(), before);
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"], ["destroy", "--yes"]]) {
      const { code, text } = await project.tenantry(...command, "-s", "it");
      assert.notEqual(code, 0, text);
      assert.match(text, belongsTo("other", "it"), command.join(" "));
    }
    assert.deepEqual(await look(), before);
  });

  succeeded(await other("destroy", "--yes"));
});
