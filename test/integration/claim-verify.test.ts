import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { bypasses } from "../../verify/checks/bypasses";
import { drift } from "../../verify/checks/drift";
import { indexes } from "../../verify/checks/indexes";
import { isolation } from "../../verify/checks/isolation";
import { leaks } from "../../verify/checks/leaks";
import { placement } from "../../verify/checks/placement";
import { policies } from "../../verify/checks/policies";
import { roles } from "../../verify/checks/roles";
import { scans } from "../../verify/checks/scans";
import { tenantSizes } from "../../verify/checks/tenant-sizes";
import { skip } from "./servers";
import { amiss, verifiedShop } from "./verified-shop";

const claimTables = ["tenantry.claim", "tenantry.tenant_key"];

test("verify looks at the tables of the claim check, too", { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-verify-"));
  const { look, run } = await verifiedShop(t, { store: { folder, prefix: "ecommerce/test" } });

  await t.test("finds nothing amiss in a stack with a store", async () => {
    const checks = [isolation, roles, policies, placement, indexes, scans, bypasses, tenantSizes, leaks, drift];
    assert.deepEqual(amiss(await look(checks, { leaks: { seed: 1, queries: 300 } })), []);
  });

  await t.test("finds a table whose isolation was taken away", async () => {
    for (const table of claimTables) {
      await run(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
      const found = amiss(await look([isolation]));
      assert.ok(
        found.some(({ subject }) => subject.startsWith(table)),
        JSON.stringify(found),
      );
      await run(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    }
  });
});
