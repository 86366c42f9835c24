import assert from "node:assert/strict";
import test from "node:test";
import type { Role } from "../../../architecture/application";
import { clearingProbes, withProbes } from "../../../verify/probing";
import type { Target } from "../../../verify/target";
import { parseShop } from "../architecture/shop";

/** A database of Citus without tables, which answers until it is broken. */
async function target() {
  const database = { broken: false };
  const query = async () => {
    if (database.broken) throw new Error("too many clients already");
    return { rows: [] };
  };
  const admin = { query } as unknown as Target["admin"];
  const found = { application: await parseShop({}), admin, citus: "13.2" } as unknown as Target;
  return { found, database };
}

test("a check's own error comes before that of removing what it wrote, and both are told", async () => {
  for (const run of [clearingProbes, withProbes]) {
    const { found, database } = await target();
    const cause = new Error("no such function");
    const failing = run(found, async () => {
      database.broken = true;
      throw cause;
    });
    await assert.rejects(failing, {
      message: "no such function; what the check wrote could not be removed either: too many clients already",
      cause,
    });
  }
});

test("a check's error stays as it is where what it wrote was removed", async () => {
  const { found } = await target();
  const error = new Error("no such function");
  await assert.rejects(
    withProbes(found, () => Promise.reject(error)),
    (thrown) => thrown === error,
  );
});

test("a check that found what it looked for fails where what it wrote can't be removed", async () => {
  const { found, database } = await target();
  const work = async () => {
    database.broken = true;
  };
  await assert.rejects(withProbes(found, work), /^Error: too many clients already$/);
});

test("of a connection that ends during a try the end is told, and not that nothing can be undone any more", async () => {
  const { found } = await target();
  const ended = Object.assign(new Error("terminating connection"), { code: "57P01", severity: "FATAL" });
  let broken = false;
  const query = async (sql: string) => {
    if (broken) throw new Error("not queryable");
    if (!sql.includes("pg_sleep")) return { rows: [] };
    broken = true;
    throw ended;
  };
  const plain = { ...found, citus: undefined, admin: { query } } as unknown as Target;
  const role = { name: "app", user: "shop_app" } as Role;
  const trying = withProbes(plain, ({ as }) => as(role, undefined, (attempt) => attempt("SELECT pg_sleep(1)")));
  await assert.rejects(trying, (thrown) => thrown === ended);
});
