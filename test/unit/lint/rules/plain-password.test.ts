import assert from "node:assert/strict";
import test from "node:test";
import { lintConnectors } from "../../../../lint/lint-files";
import { plainPassword } from "../../../../lint/rules/plain-password";
import { fixes, found } from "../shop-with";

const bad = `connector.class: io.debezium.connector.postgresql.PostgresConnector
database.password: hunter2`;
const bad1 = `config:
  tenantry:application: shop
  tenantry:endpoints:
    postgres: { host: db.example.com, database: shop, user: admin, password: hunter2 }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(plainPassword, bad, { in: "yaml" }), [
    "2 `database.password` of connector `connectors/shop.yaml` is written out: Kafka Connect's REST interface shows it",
  ]);
  assert.match((await fixes(plainPassword, bad, { in: "yaml" })).join(), /^Write a/);
  assert.deepEqual(await found(plainPassword, bad1, { in: "yaml" }), [
    "4 `tenantry:endpoints`, `postgres.password`, is a password that everybody can read",
  ]);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      plainPassword,
      `connector.class: io.debezium.connector.postgresql.PostgresConnector
database.password: \${file:/run/secrets/connect.properties:cdc}`,
      { in: "yaml" },
    ),
    [],
  );
  assert.deepEqual(
    await found(
      plainPassword,
      `config:
  tenantry:application: shop
  tenantry:endpoints:
    postgres: { host: db.example.com, database: shop, user: admin, password: { secure: v1:kqm3 } }`,
      { in: "yaml" },
    ),
    [],
  );
});

test("does not show the line of the password", async () => {
  const at = lintConnectors({ path: "a.yaml", text: bad }, [plainPassword]).map((each) => each.at);
  assert.deepEqual(at, [{ file: "a.yaml", line: 2, column: 1 }]);
});

test("reports the secret of a store's login, and not the name of a Secret", async () => {
  const stack = (store: string) => `config:\n  tenantry:application: shop\n  tenantry:store: ${store}`;
  assert.deepEqual(
    await found(plainPassword, stack("{ bucket: shop, accessKeyId: AK, secretAccessKey: hunter2 }"), { in: "yaml" }),
    ["3 `tenantry:store`, `secretAccessKey`, is a password that everybody can read"],
  );
  assert.deepEqual(
    await found(plainPassword, stack("{ bucket: shop, credentials: { secret: shop-store } }"), { in: "yaml" }),
    [],
  );
});
