import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { homeAt, makeHome } from "../../../local/home";

test("creates the folders above a home", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-home-"));
  try {
    makeHome(homeAt(join(folder, "a", "b")));
    assert.ok(existsSync(join(folder, "a", "b", "run")));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("rejects a path that is a file, or where the system can't create folders", () => {
  assert.throws(() => makeHome(homeAt("/proc/x")), /The folder cannot be created\n {2}got: {6}\/proc\/x/);
  const folder = mkdtempSync(join(tmpdir(), "tenantry-home-"));
  try {
    writeFileSync(join(folder, "file"), "");
    assert.throws(() => makeHome(homeAt(join(folder, "file"))), { code: "EEXIST" });
    // Node.js 20 and newer ones find out at another of both.
    assert.throws(() => makeHome(homeAt(join(folder, "file", "below"))), { code: /^(ENOTDIR|EEXIST)$/ });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
