import assert from "node:assert/strict";
import test from "node:test";
import { lint } from "../../../../architecture/rules/lint";
import { loadSqlParser, parseSql } from "../../../../architecture/sql-parser";

const file = (number: number) => ({
  path: `sql/shop/${number}.sql`,
  text: `CREATE TABLE t${number} (tenant_id uuid, id uuid, name text, PRIMARY KEY (tenant_id, id));
CREATE INDEX ON t${number} (tenant_id, name);
CREATE FUNCTION f${number}(x uuid) RETURNS SETOF t${number} LANGUAGE sql STABLE AS $$
  SELECT a.* FROM t${number} a JOIN t0 b USING (tenant_id, id) WHERE a.tenant_id = tenantry.current_tenant() AND a.id = x
$$;`,
});

/** Of this process alone, whatever else the machine does. */
function cpuMs(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

test("1,000 files take a small multiple of what parsing them takes, and grow no faster than their number", async () => {
  await loadSqlParser();
  const files = Array.from({ length: 1_000 }, (_, index) => file(index));
  const some = files.slice(0, 250);
  lint({ name: "shop", sql: some });
  const [few, many] = [some, files].map((sql) => cpuMs(() => assert.deepEqual(lint({ name: "shop", sql }), [])));
  const parsed = cpuMs(() => files.forEach((each) => parseSql(each)));
  assert.ok((many ?? 0) < 8 * (few ?? 0), `${many} ms for four times the files of ${few} ms`);
  assert.ok((many ?? 0) < 20 * parsed, `${many} ms against ${parsed} ms of parsing alone`);
});
