import assert from "node:assert/strict";
import test from "node:test";
import { descriptionSchema } from "../../../../architecture/description";
import { loadSqlParser, parseSql } from "../../../../architecture/sql/sql-parser";
import { type RefusalName, refusals } from "../../../../lint/citus/citus-refusals";
import { refusedByCitus } from "../../../../lint/citus/refused";
import { contextOf, readTables } from "../../../../lint/file-context";
import { accepted, type Example, refused, tables } from "./examples";

test.before(loadSqlParser);

function found({ makes, change }: Example) {
  const description = descriptionSchema.parse({
    tenant: { table: "tenants" },
    tables: {
      countries: { reference: true },
      customers: { tenant: true },
      orders: { tenant: true },
      jobs: { local: true },
      span_of_jobs: { local: true },
      t: { [makes?.kind ?? "tenant"]: true },
    },
  });
  const files = [tables, makes?.sql ?? "", change ?? ""].map((text, i) =>
    parseSql({ path: `sql/shop/0${i}0_file.sql`, text }),
  );
  const facts = readTables(files, "shop", description, { citus: true });
  return files.flatMap((file) => {
    assert.deepEqual(file.problems, []);
    return refusedByCitus(file.statements, contextOf(file, facts, { migration: true }));
  });
}

for (const name of Object.keys(refused) as RefusalName[]) {
  test(`reports ${refusals[name].construct}: place, reason, fix`, () => {
    for (const example of refused[name]) {
      const all = found(example);
      assert.deepEqual(
        all.map(({ refusal }) => refusal),
        [name],
        JSON.stringify(example),
      );
      assert.ok(all.every(({ at, what, fix }) => at.line && what.startsWith("Citus refuses") && fix.length > 0));
    }
  });
}

test("accepts SQL that Citus accepts", () => {
  for (const example of accepted) assert.deepEqual(found(example), [], JSON.stringify(example));
});
