import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Check } from "../../verify/check";
import type { Outcome } from "../../verify/finding";
import { amiss, type VerifiedShop } from "./verified-shop";

/** A change made by hand, and the SQL that undoes it. Citus accepts one statement at a time. */
export interface Change {
  readonly sql: string | readonly string[];
  readonly undo: string | readonly string[];
}

/** A change, and the finding that verify must report for it. */
export interface Breakage extends Change {
  readonly what: string;
  readonly check: Check;
  readonly subject: string;
  readonly seen: RegExp;
  /** @default "fail" */
  readonly outcome?: Outcome;
}

/** Tests that verify reports each change while it exists, and reports nothing after all of them are undone. */
export async function namesEach(
  t: TestContext,
  { run, look }: VerifiedShop,
  breakages: readonly Breakage[],
  checks: readonly Check[],
): Promise<void> {
  for (const { what, sql, undo, check, subject, seen, outcome = "fail" } of breakages) {
    await t.test(`names ${what}`, async (broken) => {
      broken.after(() => run(undo));
      await run(sql);
      const found = amiss(await look([check]));
      const named = found.find((finding) => finding.subject === subject);
      assert.ok(named, `nothing said of ${subject}: ${JSON.stringify(found)}`);
      assert.equal(named.outcome, outcome);
      assert.match(named.seen, seen);
    });
  }
  await t.test("reports nothing after all changes are undone", async () => {
    assert.deepEqual(amiss(await look(checks)), []);
  });
}
