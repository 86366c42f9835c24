import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { canReach, parseAccounts } from "../../../../common/system/system-user";

test("reads accounts with their user and group ids", () => {
  const text = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n\n";
  assert.deepEqual(parseAccounts(text)[1], { name: "postgres", uid: 101, gid: 104 });
});

test("an account reaches a path only if it may enter every directory above it", (context) => {
  const open = mkdtempSync(join(tmpdir(), "reach-"));
  context.after(() => rmSync(open, { recursive: true }));
  chmodSync(open, 0o755);
  const closed = join(open, "home");
  mkdirSync(closed, { mode: 0o700 });
  const stranger = { name: "stranger", uid: 4_000_000, gid: 4_000_000 };
  assert.equal(canReach(join(open, "data"), stranger), true);
  assert.equal(canReach(join(closed, "data"), stranger), false);
  assert.equal(canReach(join(closed, "data"), { ...stranger, uid: process.getuid?.() ?? 0 }), true);
});
