import assert from "node:assert/strict";
import test from "node:test";
import { Provider } from "@pulumi/postgresql/provider";
import * as pulumi from "@pulumi/pulumi";
import { isVerifierOf } from "../../../common/scram";

interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly retained?: boolean;
}

const made: Made[] = [];
const retained = new Map<string, boolean>();
pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    made.push({ type, name, inputs });
    return { id: name, state: inputs };
  },
  call: () => ({}),
});

const passwords = { shop_app: "app-password", shop_cdc: "cdc-password" };
const given = { database: "shop", applicationRoles: ["shop_app"], replicationRoles: ["shop_cdc"], passwords };

/** The component's children: the inputs of each, with secrets in plain text. */
async function rolesWith(more: object = {}): Promise<Made[]> {
  made.length = 0;
  // Loaded here, because resources register with the mocks that exist when their module is loaded.
  const { DatabaseRoles } = await import("../../../components/database-roles.js");
  const note: pulumi.ResourceTransformation = ({ name, props, opts }) => {
    retained.set(name, opts.retainOnDelete ?? false);
    return { props, opts };
  };
  new DatabaseRoles("database", { ...given, ...more }, { transformations: [note] });
  await pulumi.runtime.disconnect();
  const own = made.filter(({ type }) => type.startsWith("postgresql:"));
  return own.map((each) => ({ ...each, retained: retained.get(each.name) ?? false }));
}

const signature = "4dabf18193072939515e22adb298388d";

test("each role can log in, has no special attribute, and gets a SCRAM verifier instead of its password", async () => {
  const roles = (await rolesWith()).filter(({ type }) => type === "postgresql:index/role:Role");
  assert.deepEqual(
    roles.map(({ name }) => name),
    ["database-shop_app", "database-shop_cdc"],
  );
  for (const { inputs } of roles) {
    const { name, password, replication, ...others } = inputs as { name: keyof typeof passwords } & typeof inputs;
    const secret = password as { [signature]: string; value: string };
    assert.ok(secret[signature]);
    assert.ok(isVerifierOf(secret.value, passwords[name]));
    assert.equal(replication, name === "shop_cdc");
    assert.deepEqual(others, {
      login: true,
      superuser: false,
      createDatabase: false,
      createRole: false,
      bypassRowLevelSecurity: false,
    });
  }
});

test("leaves an existing database alone, and adds only pg_partman, which stays with the data", async () => {
  const others = (await rolesWith()).filter(({ type }) => type !== "postgresql:index/role:Role");
  assert.deepEqual(
    others.map(({ name, retained }) => ({ name, retained })),
    [
      { name: "database-partman", retained: true },
      { name: "database-pg-partman", retained: true },
    ],
  );
});

/** A provider that connects to another database. */
const maker = () => new Provider("server", { database: "postgres" });

test("lets only the roles connect to a database that it creates, and drops it only if allowed", async () => {
  const all = await rolesWith({ createWith: maker() });
  const grants = all.filter(({ type }) => type === "postgresql:index/grant:Grant").map(({ inputs }) => inputs);
  assert.deepEqual(
    grants.map(({ role, privileges }) => ({ role, privileges })),
    [
      { role: "public", privileges: [] },
      { role: "shop_app", privileges: ["CONNECT"] },
      { role: "shop_cdc", privileges: ["CONNECT"] },
    ],
  );
  assert.equal(all.find(({ name }) => name === "database-shop")?.retained, true);
  const dropped = await rolesWith({ createWith: maker(), dropDatabase: true });
  assert.equal(dropped.find(({ name }) => name === "database-shop")?.retained, false);
});
