import assert from "node:assert/strict";
import test from "node:test";
import { publicationForAllTables } from "../../../../lint/rules/publication-for-all-tables";
import { fixes, found } from "../shop-with";

const bad = `CREATE PUBLICATION everything FOR ALL TABLES;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(publicationForAllTables, bad), [
    "1 Publication `everything` streams every table, those of tomorrow too",
  ]);
  assert.match((await fixes(publicationForAllTables, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(publicationForAllTables, `CREATE PUBLICATION few FOR TABLE countries;`), []);
});

test("a whole schema counts", async () => {
  assert.deepEqual(await found(publicationForAllTables, `CREATE PUBLICATION p FOR TABLES IN SCHEMA shop;`), [
    "1 Publication `p` streams every table, those of tomorrow too",
  ]);
});

test("a connector that would make a publication of all tables is found", async () => {
  const text = "connector.class: io.debezium.connector.postgresql.PostgresConnector";
  assert.deepEqual(await found(publicationForAllTables, text, { in: "yaml" }), [
    "1 Connector `connectors/shop.yaml` makes a publication of all tables, where there is none of its name",
  ]);
  assert.deepEqual(
    await found(publicationForAllTables, `${text}\npublication.autocreate.mode: disabled`, { in: "yaml" }),
    [],
  );
});
