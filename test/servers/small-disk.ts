import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A file system of a few MiB, or undefined where this account may not mount one. */
export function smallDisk(t: TestContext, mebibytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-small-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  if (status !== 0) {
    t.skip("needs root, which may mount a small file system");
    return undefined;
  }
  t.after(() => spawnSync("umount", ["-l", folder]));
  return folder;
}
