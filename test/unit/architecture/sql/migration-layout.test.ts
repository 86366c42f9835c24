import assert from "node:assert/strict";
import test from "node:test";
import {
  byVersion,
  configuresNoTransaction,
  forward,
  saysNoTransaction,
} from "../../../../architecture/sql/migration-layout";

const markers: Readonly<Record<string, readonly [up: string, down: string]>> = {
  goose: ["-- +goose Up\n-- +goose StatementBegin", "-- +goose StatementEnd\n-- +goose Down"],
  "sql-migrate": ["-- +migrate Up", "-- +migrate Down"],
  dbmate: ["-- migrate:up", "-- migrate:down"],
  "node-pg-migrate": ["-- Up Migration", "-- Down Migration"],
};

for (const [tool, [up, down]] of Object.entries(markers)) {
  test(`blanks out the rollback part of a migration: ${tool}`, () => {
    const text = [up, "CREATE TABLE t (a text);", down, "DROP TABLE t;", up, "SELECT 1;"].join("\n");
    const left = forward({ path: "m/001_t.sql", text }).text;
    assert.match(left, /CREATE TABLE t[\s\S]*SELECT 1;$/);
    assert.doesNotMatch(left, /DROP/);
    assert.equal(left.length, text.length);
    assert.equal(left.indexOf("SELECT 1"), text.indexOf("SELECT 1"));
  });
}

test("reads no statement from a rollback file", () => {
  for (const name of ["001_t.down.sql", "U2__t.sql", "U2.1__t.sql", "20240101_t/down.sql"]) {
    assert.equal(forward({ path: `m/${name}`, text: "DROP TABLE t;\n" }).text.trim(), "", name);
  }
});

test("keeps a file without rollback markers as it is", () => {
  for (const name of ["001_t.up.sql", "V2__t.sql", "20240101_t/migration.sql", "structure.sql", "unlock_down.sql"]) {
    const source = { path: `m/${name}`, text: "-- we write it down\nDROP TABLE t;\n" };
    assert.equal(forward(source), source, name);
  }
});

test("recognises how each tool turns off the transaction", () => {
  const asking = [
    "-- +goose NO TRANSACTION\n-- +goose Up",
    "-- +migrate Up notransaction",
    "-- migrate:up transaction:false",
    "-- no-transaction",
    "-- atlas:txmode none",
  ];
  for (const text of asking) assert.ok(saysNoTransaction(`${text}\nCREATE INDEX CONCURRENTLY i ON t (a);`), text);
  for (const text of ["-- +goose Up", "-- migrate:up", "SELECT '-- no-transaction';", ""]) {
    assert.ok(!saysNoTransaction(text), text);
  }
  assert.ok(configuresNoTransaction("# why\nexecuteInTransaction=false\n"));
  assert.ok(!configuresNoTransaction("executeInTransaction=true\n# executeInTransaction=false"));
});

test("orders migrations by number, Flyway's repeatable ones last", () => {
  const names = ["R__views.sql", "V10__b.sql", "V2__a.sql", "V2.1__a.sql"];
  assert.deepEqual(names.toSorted(byVersion), ["V2__a.sql", "V2.1__a.sql", "V10__b.sql", "R__views.sql"]);
  assert.deepEqual(["10_b.up.sql", "9_a.up.sql"].toSorted(byVersion), ["9_a.up.sql", "10_b.up.sql"]);
});
