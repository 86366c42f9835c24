import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser, parseSql } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";

const file = (number: number) => ({
  path: `sql/shop/${number}.sql`,
  text: `CREATE TABLE t${number} (tenant_id uuid, id uuid, name text, PRIMARY KEY (tenant_id, id));
CREATE INDEX ON t${number} (tenant_id, name);
CREATE FUNCTION f${number}(x uuid) RETURNS SETOF t${number} LANGUAGE sql STABLE AS $$
  SELECT a.* FROM t${number} a JOIN t0 b USING (tenant_id, id) WHERE a.tenant_id = tenantry.current_tenant() AND a.id = x
$$;`,
});

/** CPU time of this process only, independent of the machine's other work. */
function cpuMs(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

test("lints 1,000 files in a small multiple of their parsing time, with linear growth", async () => {
  await loadSqlParser();
  const files = Array.from({ length: 1_000 }, (_, index) => file(index));
  const some = files.slice(0, 250);
  lint({ name: "shop", sql: some });
  const [few, many] = [some, files].map((sql) => cpuMs(() => assert.deepEqual(lint({ name: "shop", sql }), [])));
  const parsed = cpuMs(() => {
    for (const each of files) parseSql(each);
  });
  assert.ok((many ?? 0) < 8 * (few ?? 0), `${many} ms for four times the files of ${few} ms`);
  assert.ok((many ?? 0) < 20 * parsed, `${many} ms against ${parsed} ms of parsing alone`);
});

const long: Readonly<Record<string, (index: number) => string>> = {
  "an INSERT": (index) => `INSERT INTO items (id, n) VALUES ('é${index}', ${index});`,
  "an UPDATE": (index) => `UPDATE items SET n = ${index} WHERE id = 'x${index}';`,
  "a row": (index) => (index === 0 ? "INSERT INTO items VALUES (0)" : `, (${index})`),
  "a table": (index) => `CREATE TABLE t${index} (tenant_id uuid, id uuid); CREATE INDEX i${index} ON t${index} (id);`,
  "an ALTER TABLE": (index) => `ALTER TABLE t ADD COLUMN c${index} text;`,
  "a DO block": (index) => `DO $$ BEGIN EXECUTE 'ALTER TABLE t ADD COLUMN c${index} int'; END $$;`,
  "a syntax error": () => "SELEC 1;",
  "a comment's beginning": () => "/*",
  "a nested comment": () => "/* /* */ */",
};

test("takes less than three times as long for a file twice as long, for any content", async () => {
  await loadSqlParser();
  const lintTimes = (piece: (index: number) => string, times: number) => {
    const text = Array.from({ length: times }, (_, index) => piece(index)).join("\n");
    return cpuMs(() => lint({ name: "shop", sql: [{ path: "a.sql", text }] }));
  };
  for (const [name, piece] of Object.entries(long)) {
    lintTimes(piece, 1_000);
    const [once, twice] = [lintTimes(piece, 4_000), lintTimes(piece, 8_000)];
    // Very short times give no useful ratio.
    assert.ok(twice < 3 * Math.max(once, 20), `${name}: ${twice} ms against ${once} ms`);
  }
});
