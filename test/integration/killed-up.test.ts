import assert from "node:assert/strict";
import test from "node:test";
import { killAfter, linearCongruence } from "./kills";
import { makeProject, type Project } from "./project";
import { skip } from "./servers";

/** `make test-kills` takes 20. */
const kills = Number(process.env.TENANTRY_UP_KILLS ?? 2);
const seed = Number(process.env.TENANTRY_SEED ?? 20_261_123);

const up = ["up", "-s", "it", "--yes", "--skip-preview"];

async function timeOfUp(project: Project): Promise<number> {
  const started = Date.now();
  const { code, text } = await project.tenantry(...up);
  assert.equal(code, 0, text);
  return Date.now() - started;
}

/** Failures of verify, except for pg_partman's worker, which serves only the servers' first database. */
async function failures(project: Project): Promise<readonly Finding[]> {
  const { text } = await project.tenantry("verify", "-s", "it", "--json");
  const { findings } = JSON.parse(text.slice(text.indexOf("{"))) as { findings: readonly Finding[] };
  assert.ok(findings.some(({ outcome }) => outcome === "pass"));
  return findings.filter(({ outcome, subject }) => outcome === "fail" && subject !== "maintenance");
}

interface Finding {
  readonly check: string;
  readonly subject: string;
  readonly outcome: string;
  readonly seen: string;
}

test(`completes after an up is killed at ${kills} moments and run again (seed ${seed})`, { skip }, async (t) => {
  const moment = linearCongruence(seed);
  let tookMs = 0;
  await t.test("measures the time of an up that is not killed", async (each) => {
    tookMs = await timeOfUp(await makeProject(each));
  });
  for (let run = 1; run <= kills; run++) {
    // Divides the time into equal parts, and picks a random moment in each.
    const afterMs = Math.round(((run - moment()) / kills) * tookMs);
    const alone = run % 2 === 0;
    await t.test(`killed ${alone ? "alone" : "with all it started"} after ${afterMs} ms`, async (each) => {
      const project = await makeProject(each);
      await killAfter(project, up, afterMs, alone);
      const { code, text } = await project.tenantry(...up);
      assert.equal(code, 0, text);
      assert.deepEqual(await failures(project), []);
    });
  }
});
