import assert from "node:assert/strict";
import test from "node:test";
import { publicationForAllTables } from "../../../../lint/rules/publication-for-all-tables";
import { fixes, found } from "../shop-with";

const bad = `CREATE PUBLICATION everything FOR ALL TABLES;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(publicationForAllTables, bad), [
    "1 Publication `everything` streams every table, future ones too",
  ]);
  assert.match((await fixes(publicationForAllTables, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(publicationForAllTables, `CREATE PUBLICATION few FOR TABLE countries;`), []);
});

test("reports a publication of a whole schema", async () => {
  assert.deepEqual(await found(publicationForAllTables, `CREATE PUBLICATION p FOR TABLES IN SCHEMA shop;`), [
    "1 Publication `p` streams every table, future ones too",
  ]);
});

test("reports a connector that would create a publication of all tables", async () => {
  const text = "connector.class: io.debezium.connector.postgresql.PostgresConnector";
  assert.deepEqual(await found(publicationForAllTables, text, { in: "yaml" }), [
    "1 Connector `connectors/shop.yaml` creates a publication of all tables if its own is missing",
  ]);
  assert.deepEqual(
    await found(publicationForAllTables, `${text}\npublication.autocreate.mode: disabled`, { in: "yaml" }),
    [],
  );
});
