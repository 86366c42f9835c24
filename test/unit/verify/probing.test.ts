import assert from "node:assert/strict";
import test from "node:test";
import type { Role } from "../../../architecture/application";
import { clearingProbes, withProbes } from "../../../verify/probing";
import type { Target } from "../../../verify/target";
import { parseShop } from "../architecture/shop";

/** A Citus database without tables, which answers until the test sets `broken`. */
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

test("reports a check's own error first, and then that of the clean-up", async () => {
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

test("passes a check's error unchanged if the clean-up succeeded", async () => {
  const { found } = await target();
  const error = new Error("no such function");
  await assert.rejects(
    withProbes(found, () => Promise.reject(error)),
    (thrown) => thrown === error,
  );
});

test("fails a successful check if its clean-up fails", async () => {
  const { found, database } = await target();
  const work = async () => {
    database.broken = true;
  };
  await assert.rejects(withProbes(found, work), /^Error: too many clients already$/);
});

test("reports the end of a connection during a try, and not the failed rollback", async () => {
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
